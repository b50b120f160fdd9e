import { expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { COMPATIBLE_CONTRACTS, PROVIDER_CONTRACTS } from '../../test/contract/provider-contracts.js';
import { runs } from '../../test/support/runs.js';
import { unitProvider } from '../../test/support/unit-provider.js';
import type { Answer } from '../../test/support/unit-provider.js';
import type { Model } from '../catalogue/model.js';
import { Cancellation } from '../concurrency/cancellation.js';
import { keyCredential } from '../credentials/credential.js';
import { NO_HEADERS } from '../credentials/operator-headers.js';
import { UpstreamError } from '../upstream/upstream.error.js';
import { ModelList } from './model-list.js';

// Rows that are left out are logged.
Logger.overrideLogger(false);

const REQUEST = {
  credential: keyCredential('sk-caller'),
  operatorHeaders: NO_HEADERS,
  forwardedHeaders: {},
  signal: new Cancellation(),
  trace: undefined,
};

/** The models of an engine whose provider answers so, or the failure of the provider. */
async function outcomeOf(engine: string, answer: Answer): Promise<readonly Model[] | string> {
  try {
    return (await unitProvider(engine, undefined, answer).listModels(REQUEST)).models;
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

it('pages with any other JSON in them are a list in the form of OpenAI, or a failed provider', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc
        .oneof(
          { weight: 3, arbitrary: fc.constantFrom(...PROVIDER_CONTRACTS) },
          { weight: 1, arbitrary: fc.constantFrom(...COMPATIBLE_CONTRACTS) },
        )
        .map(({ engine }) => engine),
      fc.array(change, { maxLength: 4 }),
      async (engine, changes) => {
        const bodies = changed(PAGES.get(engine) ?? [], changes);
        let asked = 0;
        const models = await outcomeOf(engine, () => bodies[Math.min(asked++, bodies.length - 1)] ?? '');
        if (typeof models === 'string') {
          expect(models).toBe('invalid');
          return;
        }
        const list = new ModelList(models);
        const written = bodyOf(list);
        // It throws where a field has another form, or an id is there twice; a shared store gives the same list back.
        expect(JSON.parse(bodyOf(ModelList.parse(written)))).toEqual(JSON.parse(written));
        expect(written.length).toBeLessThan(2000 * models.length + 4 * bodies.join('').length * asked + 100);
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
