import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { errorOf } from '../support/answers.js';
import { raw, startFakeUpstream } from '../support/fake-upstream.js';
import type { FakeUpstream } from '../support/fake-upstream.js';
import { secret, startGateway } from '../support/start-gateway.js';
import type { Gateway } from '../support/start-gateway.js';

/** The same answers in every run, and few: each one is a request over a socket. */
const PROPERTY = { seed: 8, numRuns: 60 } as const;

const HEADERS = [
  'www-authenticate',
  'retry-after',
  'retry-after-ms',
  'content-encoding',
  'content-type',
  'x-request-id',
  'x-ratelimit-limit-requests',
  'anthropic-ratelimit-requests-reset',
  // Properties of objects, and of what axios keeps headers in.
  'constructor',
  '__proto__',
  'normalize',
  'set',
];
/** Fields that error bodies have. */
const FIELDS = [
  'error',
  'errors',
  'message',
  'detail',
  'title',
  'type',
  'param',
  'code',
  'loc',
  'msg',
  'details',
  'error_code',
];

const visible = fc.constantFrom(...Array.from({ length: 0x5f }, (_, at) => String.fromCharCode(0x20 + at)));
const headerValue = fc
  .oneof(
    fc.string({ unit: visible, maxLength: 20 }),
    fc.constantFrom('\x80\xff', '\t', '12', 'Bearer', 'gzip, br'),
  )
  .map((text) => text.trim());
const headers = fc.array(fc.tuple(fc.constantFrom(...HEADERS), headerValue), { maxLength: 8 });
const body = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.jsonValue({ maxDepth: 1 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...FIELDS), tie('value'), { maxKeys: 4 }),
  ),
})).value;

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = await startFakeUpstream();
  gateway = await startGateway({ MAIN_MODEL_ENGINE: 'vllm', MAIN_MODEL_BASE_URL: upstream.url });
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

/** The answer to a caller whose provider sends these header lines and this body. */
function relayed(
  status: number,
  lines: readonly (readonly [name: string, value: string])[],
  text: string,
  init: RequestInit = {},
): Promise<Response> {
  const length = Buffer.byteLength(text);
  const head = [
    ...lines.map((line) => line.join(': ')),
    `content-length: ${String(length)}`,
    'connection: close',
  ];
  upstream.answer(raw(`HTTP/1.1 ${String(status)} Whatever\r\n${head.join('\r\n')}\r\n\r\n${text}`));
  return fetch(`${gateway.url}/v1/models`, init);
}

const CALLER = { headers: { authorization: `Bearer ${secret('caller')}` } };

describe('whatever a provider answers', () => {
  it('a 4xx keeps its status and is an error in the format of OpenAI', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(400, 401, 429), headers, body, async (status, lines, value) => {
        const response = await relayed(status, lines, JSON.stringify(value), CALLER);
        expect(response.status).toBe(status);
        await errorOf(response);
      }),
      PROPERTY,
    );
  });

  it('a 5xx is a 502 in the format of OpenAI, whose message is one short line', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(500, 529), headers, body, async (status, lines, value) => {
        const response = await relayed(status, lines, JSON.stringify(value), CALLER);
        expect(response.status).toBe(502);
        expect((await errorOf(response)).message).toMatch(
          new RegExp(String.raw`^The provider answered ${String(status)}(\.|: \P{Cc}{1,300})$`, 'u'),
        );
      }),
      PROPERTY,
    );
  });

  it('a 200 is a list or a failed upstream', async () => {
    const rows = fc.oneof(
      body,
      body.map((value) => ({ data: value })),
      fc.array(body).map((data) => ({ data })),
    );
    await fc.assert(
      fc.asyncProperty(headers, rows, async (lines, value) => {
        const response = await relayed(200, lines, JSON.stringify(value), CALLER);
        if (response.status === 200) {
          expect(await response.json()).toMatchObject({ object: 'list', data: expect.any(Array) });
        } else {
          expect([response.status, (await errorOf(response)).code]).toEqual([
            502,
            'upstream_invalid_response',
          ]);
        }
      }),
      PROPERTY,
    );
  });

  it.each([
    ['an object that has no text', '{"detail":[{"loc":[{"toString":1}],"msg":"x"}]}', 'x'],
    [
      'deeper than the stack',
      `{"detail":[{"loc":[${'['.repeat(20_000)}${']'.repeat(20_000)}],"msg":"x"}]}`,
      'x',
    ],
    ['among names', '{"detail":[{"loc":["body",{},0,null,"id"],"msg":"x"}]}', 'body.0.id: x'],
  ])('a place in a list of details is read: %s', async (_name, text, message) => {
    const response = await relayed(422, [], text, CALLER);
    expect(response.status).toBe(422);
    expect((await errorOf(response)).message).toBe(message);
  });

  it('an error body of an attacker is not parsed', async () => {
    const response = await relayed(400, [], `{"message":"x","more":[${'{},'.repeat(100_000)}{}]}`, CALLER);
    expect((await errorOf(response)).message).toBe('The provider answered 400.');
  });

  it('all lines of a challenge are passed on', async () => {
    const lines = ['Bearer realm="a"', 'Basic realm="b"'].map(
      (value) => ['WWW-Authenticate', value] as const,
    );
    const response = await relayed(401, lines, '{}', CALLER);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="a", Basic realm="b"');
  });
});
