import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import zlib from 'node:zlib';
import { errorOf, failureOf, modelsOf } from '../support/answers.js';
import { headerLines, json, startFakeUpstream } from '../support/fake-upstream.js';
import type { FakeUpstream } from '../support/fake-upstream.js';
import { sendRaw } from '../support/raw-client.js';
import { runs } from '../support/runs.js';
import { secret, SECRET_MARK, startGateway } from '../support/start-gateway.js';
import type { Gateway } from '../support/start-gateway.js';

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = await startFakeUpstream();
  gateway = await startGateway({ MAIN_MODEL_ENGINE: 'vllm', MAIN_MODEL_BASE_URL: upstream.url });
});

beforeEach(() => {
  upstream.requests.length = 0;
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const visible = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code));

describe('whatever a provider answers', () => {
  const NAMES = [
    ...[
      'www-authenticate',
      'retry-after',
      'retry-after-ms',
      'content-encoding',
      'content-type',
      'x-request-id',
    ],
    ...['x-ratelimit-limit-requests', 'anthropic-ratelimit-requests-reset'],
    // Properties of objects, and of what axios keeps headers in.
    ...['constructor', '__proto__', 'normalize', 'set'],
  ];
  const FIELDS = [
    ...['error', 'errors', 'message', 'detail', 'title', 'type', 'param', 'code', 'loc', 'msg', 'details'],
    ...['error_code', 'toString'],
  ];
  const value = fc
    .oneof(
      fc.string({ unit: visible, maxLength: 20 }),
      fc.constantFrom('\x80\xff', '\t', '12', 'Bearer', 'gzip, br'),
    )
    .map((text) => text.trim());
  const headers = fc.array(fc.tuple(fc.constantFrom(...NAMES), value), { maxLength: 8 });
  const body = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...FIELDS), tie('value'), { maxKeys: 4 }),
    ),
  })).value;

  function relayed(
    status: number,
    lines: readonly (readonly [string, string])[],
    json: unknown,
  ): Promise<Response> {
    upstream.answer(headerLines(status, lines, JSON.stringify(json)));
    return fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${secret('caller')}` } });
  }

  it('a 4xx keeps its status and is an error in the format of OpenAI', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(400, 401, 429), headers, body, async (status, lines, json) => {
        const response = await relayed(status, lines, json);
        expect(response.status).toBe(status);
        await errorOf(response);
      }),
      runs(50),
    );
  });

  it('a 5xx is a 502 in the format of OpenAI, whose message is one short line', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(500, 529), headers, body, async (status, lines, json) => {
        const response = await relayed(status, lines, json);
        expect(response.status).toBe(502);
        expect((await errorOf(response)).message).toMatch(
          new RegExp(String.raw`^The provider answered ${String(status)}(\.|: \P{Cc}{1,300})$`, 'u'),
        );
      }),
      runs(50),
    );
  });

  it('a 200 is the list of its rows, or a failed upstream where it is no list', async () => {
    const name = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'c', '🦙') },
      fc.constantFrom('', 'd\ud800'),
      body,
    );
    const row = fc.record({ id: name, owned_by: name }, { requiredKeys: ['id'] });
    const rows = fc.array(fc.oneof({ weight: 3, arbitrary: row }, body), { maxLength: 5 });
    const field = fc.oneof({ weight: 3, arbitrary: rows }, fc.constant(null), body);
    const envelope = fc.record(
      { data: field, models: field, success: fc.constantFrom(true, false), error: body },
      { requiredKeys: [] },
    );
    const answer = fc.oneof(body, rows, { weight: 3, arbitrary: envelope });
    const plain = headers.map((lines) => lines.filter(([name]) => name !== 'content-encoding'));
    await fc.assert(
      fc.asyncProperty(fc.oneof({ weight: 4, arbitrary: plain }, headers), answer, async (lines, json) => {
        const response = await relayed(200, lines, json);
        const models = isReadable(lines) ? modelsIn(json) : undefined;
        if (models === undefined) {
          expect(await failureOf(response)).toEqual([502, 'upstream_invalid_response']);
        } else {
          const rest = { object: 'model', created: expect.any(Number) };
          expect(await modelsOf(response)).toEqual(
            models.map((model) => expect.objectContaining({ ...model, ...rest })),
          );
        }
      }),
      runs(150),
    );
  });

  /** The models that a body lists, the first of each id; undefined for a body that is no list. */
  function modelsIn(json: unknown): { id: string; owned_by: string }[] | undefined {
    const rows = rowsIn(json)?.filter(isObject);
    return rows?.flatMap(({ id, owned_by: owner }, index) =>
      isName(id) && rows.findIndex((row) => row['id'] === id) === index
        ? { id, owned_by: isName(owner) ? owner : 'vllm' }
        : [],
    );
  }

  /** No URL can hold half of a character, so no request could name such a model. */
  function isName(value: unknown): value is string {
    return typeof value === 'string' && value !== '' && !/\p{Cs}/u.test(value);
  }

  function rowsIn(json: unknown): unknown[] | undefined {
    if (isArray(json)) return json;
    // With `success: false` a provider reports a failure, whatever else it says.
    if (!isObject(json) || json['success'] === false) return undefined;
    const { data, models } = json;
    if (isArray(data)) return data;
    if (isArray(models)) return models;
    return data === null ? [] : undefined;
  }

  /** Whether a body that is not compressed is what its headers say. */
  function isReadable(lines: readonly (readonly [string, string])[]): boolean {
    return lines.every(([name, text]) => name !== 'content-encoding' || /^[, ]*$/.test(text));
  }
});

function isArray(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !isArray(value);
}

const { zstdDecompressSync } = zlib as typeof zlib & {
  readonly zstdDecompressSync?: (bytes: Buffer) => Buffer;
};

describe('whatever headers a caller sends', () => {
  /** Go to the provider; `authorization` has the credential, whichever header it comes in. */
  const FORWARDED = [
    'authorization',
    'openai-organization',
    'openai-project',
    'traceparent',
    'tracestate',
    'x-request-id',
  ];
  /** What a caller's key may come in. */
  const CREDENTIALS = ['authorization', 'x-api-key', 'api-key'];
  /** Clients send such keys when their user has none. */
  const PLACEHOLDERS = ['not-used', 'null', 'missing key', 'ollama'];
  const SANE_ID = /^[\w.:-]{1,128}$/;
  const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const OTHERS = [
    ...['accept-encoding', 'accept', 'if-none-match', 'if-modified-since', 'range', 'cookie'],
    ...[
      'forwarded',
      'x-forwarded-for',
      'x-forwarded-host',
      'x-forwarded-proto',
      'x-real-ip',
      'cache-control',
    ],
    ...[
      'content-type',
      'origin',
      'access-control-request-method',
      'anthropic-version',
      'expect',
      'te',
      'trailer',
    ],
    ...['proxy-authorization', 'user-agent', 'referer', 'x-http-method-override', '__proto__', 'constructor'],
  ];
  const MODELS = Array.from({ length: 60 }, (_, at) => ({
    id: `model-${String(at)}`,
    object: 'model',
    created: 1,
    owned_by: 'vllm',
  }));
  const key = fc.string({ unit: visible, maxLength: 8 }).map((text) => `${SECRET_MARK}${text}`);
  const value = fc.oneof(
    fc.string({
      unit: fc
        .integer({ min: 0x20, max: 0xff })
        .filter((code) => code !== 0x7f)
        .map((code) => String.fromCharCode(code)),
      maxLength: 12,
    }),
    key,
    key.map((text) => `Bearer ${text}`),
    key.map((text) => `Basic ${Buffer.from(text).toString('base64')}`),
    fc.constantFrom(
      ...[
        'gzip',
        'br;q=0.5, gzip;q=1',
        '*;q=0',
        'identity;q=0',
        'gzip;q=x',
        'zstd',
        '*',
        'W/"x"',
        '"',
        'no-cache',
        'text/html',
      ],
      ...[TRACEPARENT, 'https://app.test'],
      ...[
        'for=1.2.3.4;proto=https',
        '100-continue',
        'bytes=0-1',
        '2023-06-01',
        'GET',
        ',',
        ';',
        '\t',
        '"a", *',
      ],
    ),
  );
  const noKey = fc
    .constantFrom(...PLACEHOLDERS, ...PLACEHOLDERS.map((word) => word.toUpperCase()), '', '\xa0')
    .chain((word) => fc.constantFrom(word, `Bearer ${word}`, `bearer   ${word}`));
  const line = fc.oneof(
    fc.tuple(fc.constantFrom(...CREDENTIALS), fc.oneof(value, noKey)),
    fc.tuple(fc.constantFrom(...FORWARDED, ...OTHERS), value),
    fc.constantFrom(['traceparent', TRACEPARENT], ['tracestate', 'a=1,b=2'], ['if-none-match', '*']),
    fc.constantFrom(['x-request-id', 'caller-1'], ['openai-project', 'proj_1']),
  ) as fc.Arbitrary<[name: string, text: string]>;
  // The id of a request is logged.
  const lines = fc.array(
    line.filter(([name, text]) => name !== 'x-request-id' || !text.includes(SECRET_MARK)),
    { maxLength: 12 },
  );

  it('they get the list, and the provider gets their credential and nothing else but what concerns it', async () => {
    upstream.answer(json({ object: 'list', data: MODELS }));
    await fc.assert(
      fc.asyncProperty(lines, async (sent) => {
        upstream.requests.length = 0;
        const head = [
          'GET /v1/models HTTP/1.1',
          'host: gw.test',
          'connection: close',
          ...sent.map((line) => line.join(': ')),
        ];
        const response = await sendRaw(gateway.url, `${head.join('\r\n')}\r\n\r\n`);
        const id = response.headers.get('x-request-id') ?? '';
        const given = valueIn(sent, 'x-request-id') ?? '';
        expect(id).toMatch(SANE_ID);
        if (SANE_ID.test(given)) expect(id).toBe(given);
        expect(upstream.requests).toEqual([
          { method: 'GET', url: '/v1/models', headers: headersFor(sent, id) },
        ]);
        if (valueIn(sent, 'if-none-match') === '*') {
          expect([response.status, await response.text()]).toEqual([304, '']);
        } else {
          expect(response.status).toBe(200);
          const { data } = JSON.parse(await contentOf(response)) as { data: { id: string }[] };
          expect(data.map((model) => model.id)).toEqual(MODELS.map((model) => model.id));
        }
      }),
      runs(150),
    );
  });

  type Lines = readonly (readonly [name: string, text: string])[];

  /** All that the provider must see for a caller's request; undefined for what it must not see. */
  function headersFor(sent: Lines, id: string): Record<string, unknown> {
    const trace = valueIn(sent, 'traceparent');
    const state = valueIn(sent, 'tracestate') ?? '';
    return {
      host: upstream.host,
      connection: 'keep-alive',
      accept: 'application/json',
      'accept-encoding': 'gzip, br, deflate',
      'user-agent': 'models-gateway',
      'x-request-id': id,
      authorization: credentialIn(sent),
      'openai-organization': valueIn(sent, 'openai-organization'),
      'openai-project': valueIn(sent, 'openai-project'),
      // A malformed one could fail the request of other callers, who share the answer.
      traceparent: trace === TRACEPARENT ? trace : undefined,
      tracestate: /^[\x20-\x7e]+$/.test(state) ? state : undefined,
    };
  }

  /** The `Authorization` that the provider must see: the caller's own, else its key as a Bearer token. */
  function credentialIn(sent: Lines): string | undefined {
    const own = valueIn(sent, 'authorization') ?? '';
    if (isKey(own.replace(/^bearer(\s+|$)/i, ''))) return own;
    const key = ['x-api-key', 'api-key'].map((name) => valueIn(sent, name) ?? '').find(isKey);
    return key === undefined ? undefined : `Bearer ${key}`;
  }

  function isKey(text: string): boolean {
    return !['', ...PLACEHOLDERS].includes(text.trim().toLowerCase());
  }

  /** The value of a header of several lines: Node.js takes the first `Authorization`, and joins what else is checked. */
  function valueIn(sent: Lines, name: string): string | undefined {
    const values = sent.filter(([each]) => each === name).map(([, text]) => withoutBlanks(text));
    if (values.length === 0) return undefined;
    return name === 'authorization' ? values[0] : withoutBlanks(values.join(', '));
  }

  async function contentOf(response: Response): Promise<string> {
    const bytes = Buffer.from(await response.text(), 'latin1');
    const decoders: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
      gzip: zlib.gunzipSync,
      br: zlib.brotliDecompressSync,
      ...(zstdDecompressSync !== undefined && { zstd: zstdDecompressSync }),
    };
    const decode = decoders[response.headers.get('content-encoding') ?? ''];
    return (decode?.(bytes) ?? bytes).toString('utf8');
  }
});

describe('whatever the ids of models', () => {
  const part = fc.oneof(
    fc.constantFrom(
      'meta',
      'llama-3.1-8b',
      'v1',
      'models',
      '..',
      '.',
      'a:b',
      '@x',
      '%2F',
      '%',
      '+',
      'a b',
      '?',
      '#',
      'a?b',
      'a#b',
      '//',
    ),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
    fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)), minLength: 1, maxLength: 4 }),
    fc.integer({ min: 100, max: 4000 }).map((length) => 'x'.repeat(length)),
  );
  const id = fc.oneof(
    part,
    fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
    // vLLM lists the path of a model.
    fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join('/')}`),
  );
  const prefix = fc.constantFrom(
    '/v1/models/',
    '/models/',
    '/v1/v1/models/',
    '/openai/v1/models/',
    '//v1/models/',
    'http://gw.test/v1/models/',
  );

  /** The answer to a request for a path as it is: its characters are sent as UTF-8. */
  function get(path: string): Promise<Response> {
    const target = Buffer.from(path).toString('latin1');
    return sendRaw(gateway.url, `GET ${target} HTTP/1.1\r\nhost: gw.test\r\nconnection: close\r\n\r\n`);
  }

  async function bodyOf(response: Response): Promise<unknown> {
    return JSON.parse(Buffer.from(await response.text(), 'latin1').toString('utf8'));
  }

  async function answerOf(path: string): Promise<[status: number, body: unknown]> {
    const response = await get(path);
    return [response.status, await bodyOf(response)];
  }

  it('each listed one is retrieved, encoded and raw, and others are not found', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(id, { minLength: 1, maxLength: 4 }),
        id,
        prefix,
        async (ids, other, path) => {
          upstream.answer(json({ object: 'list', data: ids.map((each) => ({ id: each, object: 'model' })) }));
          const { data } = (await bodyOf(await get('/v1/models'))) as { data: { id: string }[] };
          expect(data.map((model) => model.id)).toEqual(ids.filter((each) => !/\p{Cs}/u.test(each)));
          for (const model of data) {
            const encoded = encodeURIComponent(model.id);
            expect(await answerOf(path + encoded)).toEqual([200, model]);
            // A path that ends behind the models is that of the list.
            if (withoutSlashes(model.id) !== '')
              expect(await answerOf(path + encoded.replaceAll('%2F', '/'))).toEqual([200, model]);
            if (/^\/[^/](.*[^/])?$/s.test(model.id)) {
              // Proxies take a slash away.
              const rest = model.id.slice(1);
              const expected = data.find((each) => each.id === rest) ?? model;
              expect(await answerOf(path + encodeURIComponent(rest))).toEqual([200, expected]);
            }
            await expectRaw(await get(path + model.id), model);
          }
          const missing = `${other.replace(/\p{Cs}/gu, '')}-`;
          if (ids.some((each) => withoutSlashes(each) === withoutSlashes(missing))) return;
          expect(await answerOf(path + encodeURIComponent(missing))).toEqual([
            404,
            { error: expect.objectContaining({ code: 'model_not_found' }) },
          ]);
        },
      ),
      runs(40),
    );
  });

  /** Checks the answer to a request whose URL has the id of a model as it is. */
  async function expectRaw(response: Response, model: { readonly id: string }): Promise<void> {
    if (isClear(model.id)) {
      expect([response.status, await bodyOf(response)]).toEqual([200, model]);
    } else if (response.status === 200) {
      // The list has no id: its URL ends before one.
      const { id: found = '' } = (await bodyOf(response)) as { id?: string };
      expect(withoutSlashes(found)).toBe(withoutSlashes(meaningOf(model.id)));
    } else {
      expect([400, 404]).toContain(response.status);
      await errorOf(response);
    }
  }

  /** Whether HTTP takes the bytes of an id in a URL, and they mean nothing else there. */
  function isClear(text: string): boolean {
    return /^[\x21-\x7e]+$/.test(text) && !/[%?#]|^\/+$/.test(text);
  }

  /** The id that a URL means in which another one stands as it is. */
  function meaningOf(text: string): string {
    const [end = ''] = text.split(/[ ?#]/);
    return decodeURIComponent(end);
  }

  function withoutSlashes(text: string): string {
    return text.replace(/^\/+|\/+$/g, '');
  }
});

/** As a header's value is read: JavaScript takes more characters for blanks. */
function withoutBlanks(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}
