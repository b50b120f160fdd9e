import { describe, expect, it } from '@jest/globals';
import { SwaggerModule } from '@nestjs/swagger';
import { readFileSync } from 'node:fs';
import { openApiDocument } from '../../src/docs/openapi.js';
import { VERSION } from '../../src/version.js';
import { failureOf } from '../support/answers.js';
import { json } from '../support/fake-upstream.js';
import { logLines, requestLines } from '../support/log-lines.js';
import { sharedScenario, startScenario } from '../support/scenario.js';

const DOCUMENT = openApiDocument(VERSION);
const ASSETS: readonly (readonly [path: string, contentType: RegExp])[] = [
  ['/docs/swagger-ui.css', /^text\/css/],
  ['/docs/swagger-ui-bundle.js', /^text\/javascript/],
  ['/docs/start.js', /^text\/javascript/],
  ['/docs/start.css', /^text\/css/],
  ['/docs/favicon-32x32.png', /^image\/png/],
];
const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options', 'trace'] as const;

const shared = sharedScenario();

/** Every object in a document, the document included. */
function* objectsIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  yield value as Record<string, unknown>;
  for (const each of Object.values(value)) yield* objectsIn(each);
}

/** The target of a reference; undefined when there is none. */
function resolve(reference: string): unknown {
  return reference
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((part, name) => (part as Record<string, unknown> | undefined)?.[name], DOCUMENT);
}

function operations() {
  return Object.entries(DOCUMENT.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [{ path, method, operation }];
    }),
  );
}

describe('/openapi.json', () => {
  it('is the document in the repository', async () => {
    const { ask } = shared();
    const response = await ask('/openapi.json');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const served: unknown = await response.json();
    const committed: unknown = JSON.parse(
      readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8'),
    );
    // When this fails: npm run openapi
    expect(committed).toEqual(served);
  });

  it('is OpenAPI 3.1 without broken references and unused components', () => {
    expect(DOCUMENT.openapi).toMatch(/^3\.1\./);
    const references = [...objectsIn(DOCUMENT)].flatMap(({ $ref }) =>
      typeof $ref === 'string' ? [$ref] : [],
    );
    expect(references.filter((each) => resolve(each) === undefined)).toEqual([]);
    const { securitySchemes = {}, ...components } = DOCUMENT.components ?? {};
    const declared = Object.entries(components).flatMap(([kind, named]) =>
      Object.keys(named).map((name) => `#/components/${kind}/${name}`),
    );
    expect([...new Set(references)].sort()).toEqual(declared.sort());
    const schemes = operations().flatMap(({ operation }) => (operation.security ?? []).flatMap(Object.keys));
    expect([...new Set(schemes)].sort()).toEqual(Object.keys(securitySchemes).sort());
  });

  it('makes credentials optional', () => {
    expect(DOCUMENT.components?.securitySchemes?.['bearer']).toMatchObject({
      type: 'http',
      scheme: 'bearer',
    });
    for (const { path, operation } of operations()) {
      if (path.startsWith('/v1/')) expect(operation.security).toContainEqual({});
      else expect(operation.security).toBeUndefined();
    }
  });

  it('has every route of a controller, and no other', () => {
    const { gateway } = shared();
    const { paths } = SwaggerModule.createDocument(gateway.app, { openapi: '3.1.0', info: DOCUMENT.info });
    const routes = Object.keys(paths).map((path) => path.replace(/\/(\*\w*|\{[^}]+\})$/, '/{id}'));
    expect(Object.keys(DOCUMENT.paths).sort()).toEqual(routes.sort());
    expect(operations().map(({ method }) => method)).toEqual(
      Object.keys(DOCUMENT.paths).flatMap(() => ['get', 'head']),
    );
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(['/v1/models', '/v1/models/{id}', '/healthz', '/readyz'])(
    'describes the answers of %s and their headers',
    async (path) => {
      const model = { id: 'meta/llama-3.1-8b-instruct', created: 1, owned_by: 'x', max_model_len: 8 };
      const { ask } = await startScenario(json({ data: [model] }), { CACHE_TTL_SECONDS: '60' });
      const response = await ask(path.replace('{id}', encodeURIComponent(model.id)));
      const documented = DOCUMENT.paths[path]?.get?.responses['200'];
      if (documented === undefined || !('description' in documented)) throw new Error('not documented');
      const own = [...response.headers.keys()].filter(
        (name) => !['content-type', 'content-length', 'date', 'connection', 'keep-alive'].includes(name),
      );
      const others = [
        // Present only on an incomplete list of several providers, and on large bodies.
        ...(path.startsWith('/v1/') ? ['x-models-incomplete', 'content-encoding'] : []),
        ...(path === '/v1/models' ? ['x-models-engines'] : []),
        // Present only on a model with such a date.
        ...(path.endsWith('{id}') ? ['deprecation', 'sunset'] : []),
      ];
      expect(Object.keys(documented.headers ?? {}).sort()).toEqual([...own, ...others].sort());
      const example = documented.content?.['application/json']?.example as object;
      expect(Object.keys(example)).toEqual(Object.keys((await response.json()) as object));
    },
  );

  it('describes every field that a list can have', async () => {
    const rich = {
      id: 'a',
      display_name: 'A',
      description: 'A model.',
      max_model_len: 8,
      max_output_tokens: 4,
      capabilities: ['chat'],
      architecture: { input_modalities: ['text'], output_modalities: ['text'] },
      pricing: { prompt: '0.1' },
      supported_parameters: ['tools'],
      lifecycle: 'active',
      deprecates_at: 1,
      shutdown_date: '2027-01-01',
    };
    const { ask } = shared(json({ data: [rich] }));
    const { data, models } = (await (await ask('/v1/models?client_version=0.171.0')).json()) as {
      data: object[];
      models: object[];
    };
    const page = await ask('/v1/models', { headers: { 'anthropic-version': '2023-06-01' } });
    const [anthropic] = ((await page.json()) as { data: object[] }).data;
    const fieldsOf = (schema: string): string[] =>
      Object.keys((resolve(`#/components/schemas/${schema}`) as { properties: object }).properties).sort();
    expect(fieldsOf('Model')).toEqual(Object.keys(data[0] ?? {}).sort());
    expect(fieldsOf('CodexModel')).toEqual(Object.keys(models[0] ?? {}).sort());
    expect(fieldsOf('AnthropicModel')).toEqual(Object.keys(anthropic ?? {}).sort());
  });

  it.each([
    'upstream_unreachable',
    'upstream_timeout',
    'upstream_error',
    'upstream_invalid_response',
    'provider_not_configured',
    'model_not_found',
    'unknown_url',
    'method_not_allowed',
    'invalid_url',
    'shutting_down',
    'internal_error',
  ])('has an example of %s', (code) => {
    const codes = [...objectsIn(DOCUMENT.components?.responses)].map((each) => each['code']);
    expect(codes).toContain(code);
  });
});

describe('/docs', () => {
  it.each(['/docs', '/docs/'])('is a page that loads files of this service only: %s', async (path) => {
    const { ask, gateway } = shared();
    const response = await ask(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    const html = await response.text();
    const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file = '']) =>
      new URL(file, gateway.url + path).href.replace(gateway.url, ''),
    );
    // And the catalogue page.
    expect(files.sort()).toEqual(['/', ...ASSETS.map(([asset]) => asset)].sort());
  });

  it.each(ASSETS)('serves %s', async (path, contentType) => {
    const { ask } = shared();
    const response = await ask(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(contentType);
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(100);
  });

  it('serves no other file', async () => {
    const { ask } = shared();
    expect(await failureOf(await ask('/docs/package.json'))).toEqual([404, 'unknown_url']);
    expect(await failureOf(await ask('/docs/..%2fpackage.json'))).toEqual([404, 'unknown_url']);
  });
});

describe.each(['/docs', '/docs/swagger-ui.css', '/openapi.json'])('the documentation at %s', (path) => {
  it('allows GET and HEAD only', async () => {
    const { ask } = shared();
    const response = await ask(path, { method: 'POST' });
    expect(response.headers.get('allow')?.split(', ').sort()).toEqual(['GET', 'HEAD']);
    expect(await failureOf(response)).toEqual([405, 'method_not_allowed']);
    const head = await ask(path, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('is logged at level debug', async () => {
    const { ask, gateway } = await startScenario();
    await (await ask(path)).arrayBuffer();
    await requestLines(gateway, 1);
    expect(logLines(gateway).find(({ msg }) => msg === 'request')).toMatchObject({ route: path, level: 20 });
  });

  it('is a 404 with DOCS_ENABLED=false', async () => {
    const { ask } = await startScenario(undefined, { DOCS_ENABLED: 'false' });
    expect(await failureOf(await ask(path))).toEqual([404, 'unknown_url']);
  });
});
