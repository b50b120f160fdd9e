import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { errorOf } from '../support/answers.js';
import { headerLines, startFakeUpstream, text } from '../support/fake-upstream.js';
import type { FakeUpstream, Script } from '../support/fake-upstream.js';
import { secret, startGateway } from '../support/start-gateway.js';
import type { Gateway } from '../support/start-gateway.js';

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

/** The answer to a caller whose provider answers so. */
function relayed(script: Script): Promise<Response> {
  upstream.answer(script);
  return fetch(`${gateway.url}/v1/models`, CALLER);
}

const CALLER = { headers: { authorization: `Bearer ${secret('caller')}` } };

describe('whatever a provider answers', () => {
  it.each([
    ['an object that has no text', '{"detail":[{"loc":[{"toString":1}],"msg":"x"}]}', 'x'],
    [
      'deeper than the stack',
      `{"detail":[{"loc":[${'['.repeat(20_000)}${']'.repeat(20_000)}],"msg":"x"}]}`,
      'x',
    ],
    ['among names', '{"detail":[{"loc":["body",{},0,null,"id"],"msg":"x"}]}', 'body.0.id: x'],
  ])('a place in a list of details is read: %s', async (_name, body, message) => {
    const response = await relayed(text(body, 422));
    expect(response.status).toBe(422);
    expect((await errorOf(response)).message).toBe(message);
  });

  it('an error body of an attacker is not parsed', async () => {
    const body = `{"message":"x","more":[${'{},'.repeat(100_000)}{}]}`;
    const response = await relayed(text(body, 400));
    expect((await errorOf(response)).message).toBe('The provider answered 400.');
  });

  it('all lines of a challenge are passed on', async () => {
    const lines = ['Bearer realm="a"', 'Basic realm="b"'].map(
      (value) => ['WWW-Authenticate', value] as const,
    );
    const response = await relayed(headerLines(401, lines, '{}'));
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="a", Basic realm="b"');
  });
});
