import { expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { COMPATIBLE_CONTRACTS, PROVIDER_CONTRACTS } from '../../test/contract/provider-contracts.js';
import { runs } from '../../test/support/runs.js';
import { UNIT_REQUEST, unitProvider } from '../../test/support/unit-provider.js';
import type { Answer } from '../../test/support/unit-provider.js';
import type { Model } from '../catalogue/model.js';
import { SLICE_BYTES } from '../upstream/large-bodies/scan-body.js';
import { UpstreamError } from '../upstream/upstream.error.js';
import { ModelList } from './model-list.js';

// Rows that are left out are logged.
Logger.overrideLogger(false);

/** The models of an engine whose provider answers so, or the failure of the provider. */
async function outcomeOf(engine: string, answer: Answer): Promise<readonly Model[] | string> {
  try {
    return (await unitProvider(engine, undefined, answer).listModels(UNIT_REQUEST)).models;
  } catch (error) {
    if (error instanceof UpstreamError) return error.failure;
    throw error;
  }
}

/** Where vendors have their rows. */
const LISTS = words('data models result resources endpoints modelSummaries inferenceProfileSummaries');
/** Fields that mean something to a vendor, and some that all objects have. */
const NAMES = [
  ...LISTS,
  ...words('id name modelId model_id inferenceProfileId modelArn created created_at owned_by success error'),
  ...words('has_more last_id next_page_token nextPageToken nextToken next href result_info page per_page'),
  ...words('total_count properties property_id value price unit functions lifecycle start_date model_limits'),
  ...words('providers status pricing metadata capabilities architecture input_modalities context_length'),
  ...words('supported_parameters display_name description task modelLifecycle inferenceTypesSupported'),
  ...words('shutdown_date expiration_date toString valueOf constructor __proto__ length toJSON'),
];
/** Values that mean something to a vendor. */
const VALUES = [
  ...words('a b list chat live INFERENCE_PROFILE x/a ?start=b 2026-11-27 2026-02-30T00:00:00Z 9999-12-31'),
  ...['0.1', '-1', 'per M input tokens', 'USD', null, true, false, 0, -1, 1.5, 1e12, 1e21, 2 ** 53, 131_072],
];
const leaf = fc.oneof(
  fc.constantFrom<unknown>(...VALUES),
  fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)), maxLength: 3 }),
  fc.jsonValue({ maxDepth: 1 }),
  // It has no text.
  fc.constant({ toString: null }),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie('value'), { maxKeys: 4 }),
  ),
}));

/** What is changed in a body, and where among its values. */
interface Change {
  readonly at: number;
  readonly to: 'another value' | 'a value from elsewhere' | 'another name' | 'nothing' | 'the same twice';
  readonly from: number;
  readonly value: unknown;
  readonly name: string;
}
const change = fc.record<Change>({
  at: fc.nat(),
  to: fc.constantFrom('another value', 'a value from elsewhere', 'another name', 'nothing', 'the same twice'),
  from: fc.nat(),
  value,
  name: fc.constantFrom(...NAMES),
});

/** The fixtures of each engine, page by page. */
const PAGES = new Map(
  [...PROVIDER_CONTRACTS, ...COMPATIBLE_CONTRACTS].map(
    ({ engine, fixtures = engine, pages, secondPages = [] }) => [
      engine,
      [...pages, ...secondPages].map(({ fixture }) =>
        typeof fixture === 'string'
          ? readFileSync(new URL(`../../test/fixtures/${fixtures}/${fixture}`, import.meta.url), 'utf8')
          : JSON.stringify(fixture),
      ),
    ],
  ),
);

/** Bodies as a provider may send them one day. */
function changed(bodies: readonly string[], changes: readonly Change[]): string[] {
  const root = bodies.map((body) => JSON.parse(body) as unknown);
  for (const { at, to, from, value: other, name } of changes) {
    const places = placesIn(root);
    const place = places[at % places.length];
    const [otherParent, otherKey] = places[from % places.length] ?? [{}, ''];
    if (place === undefined) break;
    const [parent, key] = place;
    const old = parent[key];
    if (to === 'another value') parent[key] = structuredClone(other);
    else if (to === 'a value from elsewhere') parent[key] = structuredClone(otherParent[otherKey]);
    else if (Array.isArray(parent)) parent.splice(Number(key), 1, ...(to === 'nothing' ? [] : [old, old]));
    else {
      if (to !== 'the same twice') Reflect.deleteProperty(parent, key);
      if (to !== 'nothing')
        Object.defineProperty(parent, name, { value: old, enumerable: true, writable: true });
    }
  }
  return root.map((body) => JSON.stringify(body));
}

/** All values in a value of JSON: the object or the array around each, and its key. */
function placesIn(around: unknown): (readonly [parent: Record<string, unknown>, key: string])[] {
  if (typeof around !== 'object' || around === null) return [];
  const parent = around as Record<string, unknown>;
  return Object.keys(parent).flatMap((key) => [[parent, key] as const, ...placesIn(parent[key])]);
}

/** Where a vendor has its rows, and where a row has its id. */
interface Format {
  readonly lists: readonly string[];
  readonly ids: readonly string[];
  readonly idPrefix?: string;
  /** The only field that an empty list may have; undefined where the rows cannot be left out. */
  readonly emptyWith?: string;
}
const COMPATIBLE: Format = { lists: ['data', 'models'], ids: ['id'] };
const FORMATS: Readonly<Record<string, Format>> = {
  cohere: { ...COMPATIBLE, ids: ['name', 'id'] },
  gemini: { ...COMPATIBLE, ids: ['name', 'id'], idPrefix: 'models/', emptyWith: 'nextPageToken' },
  bedrock: { lists: ['modelSummaries'], ids: ['modelId'] },
  databricks: { lists: ['endpoints', 'data'], ids: ['name', 'id'], emptyWith: '' },
  watsonx: { lists: ['resources'], ids: ['model_id'] },
  cloudflare: { lists: ['result'], ids: ['name'] },
};
const PROFILES: Format = {
  lists: ['inferenceProfileSummaries'],
  ids: ['inferenceProfileId'],
  emptyWith: 'nextToken',
};
/** What Perplexity serves although its list may lack it. */
const SONAR = words('sonar sonar-pro sonar-reasoning-pro sonar-deep-research');

type Fields = Readonly<Record<string, unknown>>;

/** The ids that the pages of an engine hold, read without haste; undefined where one of them is no list. */
function idsIn(engine: string, pages: readonly string[]): readonly string[] | undefined {
  const format = FORMATS[engine] ?? COMPATIBLE;
  const [first = '', ...others] = pages;
  const lists =
    engine === 'bedrock'
      ? [rowsById([first], format), rowsById(others, PROFILES)]
      : [rowsById(pages, format), new Map<string, Fields>()];
  const [models, profiles] = lists;
  if (models === undefined || profiles === undefined) return undefined;
  const profiled = new Set([...profiles.values()].flatMap(profiledIds));
  const ids = [...models.keys()].filter((id) => !(isProfileOnly(models.get(id)) && profiled.has(id)));
  return [...new Set([...ids, ...profiles.keys(), ...(engine === 'perplexity' ? SONAR : [])])];
}

/** The rows of some pages that have an id: of those with the same id the first. */
function rowsById(pages: readonly string[], format: Format): ReadonlyMap<string, Fields> | undefined {
  const rows = new Map<string, Fields>();
  for (const page of pages) {
    // Without its value a body is empty.
    const found = page === '' ? undefined : rowsIn(JSON.parse(page), format);
    if (found === undefined) return undefined;
    for (const row of found) {
      if (!isObject(row)) continue;
      const id = idOf(row, format);
      if (id !== undefined && !rows.has(id)) rows.set(id, row);
    }
  }
  return rows;
}

function rowsIn(page: unknown, { lists, emptyWith }: Format): readonly unknown[] | undefined {
  if (Array.isArray(page)) return page as unknown[];
  if (!isObject(page) || page['success'] === false) return undefined;
  for (const name of lists) {
    const rows = page[name];
    if (Array.isArray(rows)) return rows as unknown[];
  }
  const [name = ''] = lists;
  const isLeftOut = emptyWith !== undefined && Object.keys(page).every((each) => each === emptyWith);
  return page[name] === null || isLeftOut ? [] : undefined;
}

function idOf(row: Fields, { ids, idPrefix = '' }: Format): string | undefined {
  for (const name of ids) {
    const value = row[name];
    // Half of a character cannot be in the URL of a request for the model.
    if (typeof value !== 'string' || /\p{Cs}/u.test(value)) continue;
    const id = value.startsWith(idPrefix) ? value.slice(idPrefix.length) : value;
    if (id !== '') return id;
  }
  return undefined;
}

/** Whether nothing but a profile of Bedrock can call a model. */
function isProfileOnly(row: Fields | undefined): boolean {
  const types = textsIn(row?.['inferenceTypesSupported']);
  return types.length > 0 && types.every((each) => each === 'INFERENCE_PROFILE');
}

/** The models behind a profile of Bedrock. */
function profiledIds({ models }: Fields): string[] {
  const arns = (Array.isArray(models) ? models : []).map((each: unknown) =>
    isObject(each) ? each['modelArn'] : undefined,
  );
  return textsIn(arns).map((arn) => arn.split('/').at(-1) ?? '');
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

it('pages with any other JSON in them are the list of all their rows that have an id, or a failed provider', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc
        .oneof(
          { weight: 3, arbitrary: fc.constantFrom(...PROVIDER_CONTRACTS) },
          { weight: 1, arbitrary: fc.constantFrom(...COMPATIBLE_CONTRACTS) },
        )
        .map(({ engine }) => engine),
      fc.array(change, { maxLength: 4 }),
      // Large bodies are read in another way.
      fc.boolean(),
      async (engine, changes, isLarge) => {
        const bodies = changed(PAGES.get(engine) ?? [], changes);
        const asked: string[] = [];
        const models = await outcomeOf(engine, () => {
          const body = bodies[Math.min(asked.length, bodies.length - 1)] ?? '';
          asked.push(body);
          return body + ' '.repeat(isLarge ? SLICE_BYTES : 0);
        });
        const ids = idsIn(engine, asked);
        if (typeof models === 'string') {
          // Where each page is a list, the way from one to the next may be wrong.
          const isPageWrong = ids === undefined || (changes.length > 0 && PAGINGS[engine] !== undefined);
          expect([models, isPageWrong]).toEqual(['invalid', true]);
          return;
        }
        expect(idsOf(models)).toEqual(ids);
        const list = new ModelList(models);
        const written = bodyOf(list);
        // It throws where a field has another form, or an id is there twice; a shared store gives the same list back.
        expect(JSON.parse(bodyOf(ModelList.parse(written)))).toEqual(JSON.parse(written));
        const bytes = bodies.join('').length * asked.length;
        expect(written.length).toBeLessThan(2000 * models.length + 4 * bytes + 100);
      },
    ),
    runs(300),
  );
});

/** A page of a list: its ids, its cursor, that of the next page. */
interface Page {
  readonly ids: readonly string[];
  readonly number: number;
  readonly next: string | undefined;
  /** Of all pages. */
  readonly total: number;
}

/** The paging of a vendor: the parameter with the cursor, and the body of a page. */
interface Paging {
  readonly parameter: string;
  readonly bodyOf: (page: Page) => object;
  /** What the list has beside the pages. */
  readonly others?: readonly string[];
}

const PAGINGS: Readonly<Record<string, Paging>> = {
  anthropic: {
    parameter: 'after_id',
    bodyOf: ({ ids, next }) => ({
      data: ids.map((id) => ({ type: 'model', id })),
      has_more: next !== undefined,
      last_id: next ?? 'x',
    }),
  },
  cohere: {
    parameter: 'page_token',
    bodyOf: ({ ids, next = '' }) => ({ models: ids.map((name) => ({ name })), next_page_token: next }),
  },
  gemini: {
    parameter: 'pageToken',
    bodyOf: ({ ids, next }) => ({ models: ids.map((id) => ({ name: `models/${id}` })), nextPageToken: next }),
  },
  watsonx: {
    parameter: 'start',
    bodyOf: ({ ids, next }) => ({
      resources: ids.map((id) => ({ model_id: id })),
      next: next && { href: `https://other.test/?limit=9&start=${encodeURIComponent(next)}#x` },
    }),
  },
  cloudflare: {
    parameter: 'page',
    bodyOf: ({ ids, number, total }) => ({
      success: true,
      result: ids.map((name) => ({ name })),
      result_info: { page: number, per_page: PAGE_SIZE, total_count: total },
    }),
  },
  bedrock: {
    parameter: 'nextToken',
    bodyOf: ({ ids, next }) => ({
      inferenceProfileSummaries: ids.map((id) => ({ inferenceProfileId: id })),
      nextToken: next,
    }),
    others: ['foundation'],
  },
};
const PAGE_SIZE = 2;

function pagingOf(engine: string): Paging {
  const paging = PAGINGS[engine];
  if (paging === undefined) throw new Error(`${engine} has no pages`);
  return paging;
}

/** What goes wrong with a page. */
const FAULTS: Readonly<Record<string, (body: string, cut: number) => string>> = {
  'the body breaks off': (body, cut) => body.slice(0, cut % body.length),
  'the rows are no list': (body) =>
    JSON.stringify(JSON.parse(body), (_name, each: unknown) => (Array.isArray(each) ? 7 : each)),
  'the status is 500': () => {
    throw new UpstreamError('failed', 'The provider answered 500.');
  },
  'it is no JSON': () => '<html>',
  'it is a failure with the status 200': () => '{"success":false,"errors":[{"message":"No."}]}',
};

it('pages are a whole list, or a failed provider where one of them is faulty', async () => {
  const id = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 });
  const fault = fc.option(fc.tuple(fc.nat(), fc.constantFrom(...Object.keys(FAULTS)), fc.nat()));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(PAGINGS)),
      fc.array(id, { minLength: 1, maxLength: 9 }),
      fc.string({ unit: 'binary', maxLength: 4 }),
      fault,
      async (engine, ids, cursor, faulty) => {
        const { parameter, bodyOf, others = [] } = pagingOf(engine);
        const count = Math.ceil(ids.length / PAGE_SIZE);
        const nameOf = (number: number): string =>
          parameter === 'page' ? String(number) : cursor + String(number);
        const answer: Answer = (path) => {
          const { pathname, searchParams } = new URL(path, 'http://provider.test');
          if (pathname.endsWith('/foundation-models')) {
            return JSON.stringify({ modelSummaries: others.map((modelId) => ({ modelId })) });
          }
          const given = searchParams.get(parameter) ?? nameOf(1);
          const number = Array.from({ length: count }, (_, at) => at + 1).find(
            (each) => nameOf(each) === given,
          );
          if (number === undefined) throw new Error(`there is no page ${given}`);
          const body = JSON.stringify(
            bodyOf({
              ids: ids.slice((number - 1) * PAGE_SIZE, number * PAGE_SIZE),
              number,
              next: number < count ? nameOf(number + 1) : undefined,
              total: ids.length,
            }),
          );
          if (faulty === null || faulty[0] % count !== number - 1) return body;
          return FAULTS[faulty[1]]?.(body, faulty[2]) ?? body;
        };
        const outcome = await outcomeOf(engine, answer);
        if (faulty === null) expect(idsOf(outcome)).toEqual([...others, ...new Set(ids)]);
        else expect(['failed', 'invalid']).toContain(outcome);
      },
    ),
    runs(300),
  );
});

it('pages that never end are a failed provider', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(PAGINGS)),
      fc.array(fc.nat(3), { minLength: 1 }),
      async (engine, order) => {
        const { parameter, bodyOf } = pagingOf(engine);
        let asked = 0;
        const outcome = await outcomeOf(engine, (path) => {
          if (path.endsWith('/foundation-models')) return '[]';
          const number = Number(new URL(path, 'http://provider.test').searchParams.get(parameter) ?? 1);
          const next = String(order[asked % order.length]);
          asked += 1;
          return JSON.stringify(bodyOf({ ids: ['a'], number, next, total: 1e6 }));
        });
        expect([outcome, asked <= 20]).toEqual(['invalid', true]);
      },
    ),
    runs(50),
  );
});

function bodyOf(list: ModelList): string {
  return list.withMetadata.rendered.body.toString('utf8');
}

function idsOf(outcome: readonly Model[] | string): readonly string[] | string {
  return typeof outcome === 'string' ? outcome : outcome.map(({ id }) => id);
}

function words(text: string): readonly string[] {
  return text.split(' ');
}
