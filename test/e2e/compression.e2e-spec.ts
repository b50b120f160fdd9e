import { beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import zlib from 'node:zlib';
import { idsOf } from '../support/answers.js';
import { json } from '../support/fake-upstream.js';
import { sharedScenario, startScenario } from '../support/scenario.js';
import type { Scenario } from '../support/scenario.js';

const MODELS = 3000;
const VARY = /(^|, )accept-encoding(,|$)/;
const LARGE = json({ data: modelRows(MODELS) });
const SMALL = json({ data: [{ id: 'a' }] });
const ANTHROPIC = { 'anthropic-version': '2023-06-01' };
const CACHE = { CACHE_TTL_SECONDS: '60' };

function modelRows(count: number): { id: string; created: number; owned_by: string }[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `vendor-${String(index % 17)}/model-${String(index)}-instruct`,
    created: 1_700_000_000 + index,
    owned_by: `vendor-${String(index % 17)}`,
  }));
}

interface RawAnswer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: Buffer;
}

/** Asks without a client that decompresses by itself. */
async function ask(
  { gateway }: Scenario,
  headers: OutgoingHttpHeaders = {},
  path = '/v1/models',
  method = 'GET',
): Promise<RawAnswer> {
  const [response] = (await once(request(gateway.url + path, { method, headers }).end(), 'response')) as [
    IncomingMessage,
  ];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode, headers: response.headers, bytes: Buffer.concat(chunks) };
}

const { zstdDecompressSync } = zlib as typeof zlib & {
  readonly zstdDecompressSync?: (bytes: Buffer) => Buffer;
};
const DECODERS = new Map<string | undefined, (bytes: Buffer) => Buffer>([
  [undefined, (bytes) => bytes],
  ['br', (bytes) => zlib.brotliDecompressSync(bytes)],
  ['gzip', (bytes) => zlib.gunzipSync(bytes)],
  ...(zstdDecompressSync === undefined ? [] : [['zstd', zstdDecompressSync] as const]),
]);

function decoded({ headers, bytes }: RawAnswer): string {
  const decode = DECODERS.get(headers['content-encoding']);
  if (decode === undefined) throw new Error(`this coding is unknown: ${String(headers['content-encoding'])}`);
  return decode(bytes).toString('utf8');
}

/** How often each coding was compressed. */
async function compressions(scenario: Scenario): Promise<Record<string, number>> {
  const text = await (await scenario.ask('/metrics')).text();
  return Object.fromEntries(
    [...text.matchAll(/^models_gateway_compressed_bodies_total\{coding="(\w+)"\} (\d+)$/gm)].map(
      ([, coding, count]) => [coding ?? '', Number(count)],
    ),
  );
}

describe('a list of 3,000 models', () => {
  const shared = sharedScenario(CACHE);
  let scenario: Scenario;
  let plain: RawAnswer;
  beforeAll(async () => {
    scenario = shared(LARGE);
    plain = await ask(scenario);
  });

  it('is sent as it is to a client that says nothing', () => {
    expect(plain.headers).not.toHaveProperty('content-encoding');
    expect(plain.headers.vary).toMatch(VARY);
    expect(JSON.parse(plain.bytes.toString())).toMatchObject({ data: { length: MODELS } });
  });

  it.each<[string | string[], string | undefined]>([
    ['gzip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['GZip, Deflate', 'gzip'],
    ['gzip, deflate, br', 'br'],
    ['br;q=0.1, gzip;q=0.9', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    [['deflate', 'gzip'], 'gzip'],
    ['*', 'br'],
    ['identity;q=0, *', 'br'],
    ['identity', undefined],
    ['identity, gzip;q=0.5', undefined],
    ['gzip;q=0', undefined],
    ['*;q=0', undefined],
    ['deflate', undefined],
    ['', undefined],
    ['zstd, gzip;q=0.5', DECODERS.has('zstd') ? 'zstd' : 'gzip'],
  ])('in the coding that a client accepts: %j, %s', async (accepted, coding) => {
    const answer = await ask(scenario, { 'accept-encoding': accepted });
    const { headers, bytes } = answer;
    expect([answer.status, headers['content-encoding']]).toEqual([200, coding]);
    expect(headers['content-length']).toBe(String(bytes.length));
    expect(headers.vary).toMatch(VARY);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(decoded(answer)).toBe(plain.bytes.toString());
    expect(headers.etag === plain.headers.etag).toBe(coding === undefined);
    if (coding !== undefined) expect(bytes.length / plain.bytes.length).toBeLessThan(0.08);
  });

  it.each(['br', 'gzip'])(
    'has an entity tag of its own as %s, which a 304 and HEAD have too',
    async (coding) => {
      const accepted = { 'accept-encoding': coding };
      const full = await ask(scenario, accepted);
      const { etag = '', vary } = full.headers;
      expect(etag).toMatch(/^"[\w-]{43}"$/);
      const known = await ask(scenario, { ...accepted, 'if-none-match': etag });
      expect([known.status, known.headers.etag, known.headers.vary]).toEqual([304, etag, vary]);
      expect(known.headers).not.toHaveProperty('content-encoding');
      const head = await ask(scenario, accepted, '/v1/models', 'HEAD');
      expect(head.bytes).toHaveLength(0);
      for (const name of ['etag', 'vary', 'content-encoding', 'content-length', 'content-type']) {
        expect([name, head.headers[name]]).toEqual([name, full.headers[name]]);
      }
      const unchanged = await ask(scenario, { ...accepted, 'if-none-match': etag }, '/v1/models', 'HEAD');
      expect([unchanged.status, unchanged.headers['content-length']]).toEqual([
        304,
        full.headers['content-length'],
      ]);
      // It is the tag of other bytes.
      expect((await ask(scenario, { 'if-none-match': etag })).status).toBe(200);
      const other = { ...accepted, 'if-none-match': plain.headers.etag };
      expect((await ask(scenario, other)).status).toBe(200);
      const both = { ...accepted, 'if-none-match': `${plain.headers.etag ?? ''}, W/${etag}` };
      expect((await ask(scenario, both)).status).toBe(304);
    },
  );

  it('is compressed in Anthropic’s format too', async () => {
    const path = '/v1/models?limit=1000';
    const page = await ask(scenario, ANTHROPIC, path);
    const compressed = await ask(scenario, { ...ANTHROPIC, 'accept-encoding': 'gzip' }, path);
    expect(compressed.headers['content-encoding']).toBe('gzip');
    expect(decoded(compressed)).toBe(page.bytes.toString());
  });

  it('is read by fetch, which decompresses it', async () => {
    const response = await scenario.ask();
    expect(response.headers.get('content-encoding')).toMatch(/^(br|gzip)$/);
    expect(await idsOf(response)).toHaveLength(MODELS);
  });
});

it('a small body is sent as it is, unless the client refuses that', async () => {
  const scenario = await startScenario(SMALL);
  const small = await ask(scenario, { 'accept-encoding': 'gzip, br' });
  expect(small.headers).not.toHaveProperty('content-encoding');
  expect(small.headers.vary).toMatch(VARY);
  const refused = await ask(scenario, { 'accept-encoding': 'gzip, identity;q=0' });
  expect(refused.headers['content-encoding']).toBe('gzip');
  expect(decoded(refused)).toBe(small.bytes.toString());
});

it('a large model is compressed as well', async () => {
  const scenario = await startScenario(json({ data: [{ id: 'a', owned_by: 'o'.repeat(2000) }] }));
  const plain = await ask(scenario, {}, '/v1/models/a');
  const compressed = await ask(scenario, { 'accept-encoding': 'br' }, '/v1/models/a');
  expect(compressed.headers['content-encoding']).toBe('br');
  expect(decoded(compressed)).toBe(plain.bytes.toString());
});

it.each<[string, Record<string, string>]>([
  ['with the cache', CACHE],
  ['without the cache, as long as the provider repeats its body', {}],
])('1,000 requests compress once a coding: %s', async (_name, env) => {
  const scenario = await startScenario(LARGE, env);
  const agent = { connection: 'close' };
  // The first ones come at the same time.
  for (let round = 0; round < 20; round += 1) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        ask(scenario, { ...agent, 'accept-encoding': at % 2 === 0 ? 'gzip' : 'br' }),
      ),
    );
    expect(new Set(answers.map(({ headers }) => headers['content-encoding']))).toEqual(
      new Set(['gzip', 'br']),
    );
  }
  expect(await compressions(scenario)).toEqual({ gzip: 1, br: 1 });
});

it('compressed forms count in the memory of the cache', async () => {
  const scenario = await startScenario(LARGE, CACHE);
  const bytes = async (): Promise<number> => {
    const text = await (await scenario.ask('/metrics')).text();
    return Number(/^models_gateway_cache_bytes (\d+)/m.exec(text)?.[1]);
  };
  await ask(scenario);
  const before = await bytes();
  const compressed = await ask(scenario, { 'accept-encoding': 'gzip' });
  const added = (await bytes()) - before;
  expect(added).toBeGreaterThan(compressed.bytes.length);
  expect(added).toBeLessThan(compressed.bytes.length + 2000);
  await ask(scenario, { 'accept-encoding': 'gzip' });
  expect((await bytes()) - before).toBe(added);
});

it('callers who hang up meanwhile leave nothing behind', async () => {
  const scenario = await startScenario(LARGE, CACHE);
  await ask(scenario);
  const { port } = new URL(scenario.gateway.url);
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write('GET /v1/models HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip\r\n\r\n', () => {
        socket.destroy();
      });
      await once(socket, 'close');
    }),
  );
  const answer = await ask(scenario, { 'accept-encoding': 'gzip' });
  expect(answer.headers['content-encoding']).toBe('gzip');
  expect(await compressions(scenario)).toMatchObject({ gzip: 1 });
  const metrics = await (await scenario.ask('/metrics')).text();
  expect(metrics).toMatch(/^http_server_active_requests 0$/m);
});
