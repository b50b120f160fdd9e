import { afterEach, describe, expect, it, jest } from '@jest/globals';
import dns from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { idsOf } from '../support/answers.js';
import { movableClock } from '../support/clock.js';
import { startDeadAddress } from '../support/dead-address.js';
import { inTurn, json, silence, startFakeUpstream } from '../support/fake-upstream.js';
import type { Script } from '../support/fake-upstream.js';
import { started, startScenario } from '../support/scenario.js';
import { startGateway } from '../support/start-gateway.js';

const LIST = json({ data: [{ id: 'a' }] });

afterEach(() => {
  jest.restoreAllMocks();
});

/** Lets a resolver answer for `provider.test`. */
function resolve(addresses: () => readonly LookupAddress[]): void {
  type Answer = (...result: unknown[]) => void;
  const original = dns.lookup as (name: string, options: dns.LookupOptions, answer: Answer) => void;
  const lookup: typeof original = (name, options, answer) => {
    if (name !== 'provider.test') {
      original(name, options, answer);
      return;
    }
    const [first] = addresses();
    process.nextTick(() => {
      if (options.all === true) answer(null, addresses());
      else answer(null, first?.address, first?.family);
    });
  };
  jest.spyOn(dns, 'lookup').mockImplementation(lookup as typeof dns.lookup);
}

const v4 = (address: string): LookupAddress => ({ address, family: 4 });

/** A provider at two addresses. Its name leads to the first one until it moves. */
async function movingProvider() {
  const first = await started(startFakeUpstream(LIST));
  const port = Number(new URL(first.url).port);
  const second = await started(startFakeUpstream(LIST, undefined, { host: '127.0.0.2', port }));
  let address = '127.0.0.1';
  resolve(() => [v4(address)]);
  const move = (): void => {
    address = '127.0.0.2';
  };
  return { first, second, url: `http://provider.test:${String(port)}`, move };
}

describe('a provider whose name moves', () => {
  it('is followed when its connections are old, however busy they are', async () => {
    const clock = movableClock();
    const { first, second, url, move } = await movingProvider();
    const gateway = await started(
      startGateway({
        MAIN_MODEL_ENGINE: 'vllm',
        MAIN_MODEL_BASE_URL: url,
        UPSTREAM_CONNECTION_TTL_MS: '2000',
      }),
    );
    const ask = async (): Promise<void> => {
      expect(await idsOf(await fetch(`${gateway.url}/v1/models`))).toEqual(['a']);
    };
    await ask();
    move();
    for (let calls = 0; calls < 3; calls += 1) {
      clock.advance(500);
      await ask();
    }
    expect([first.requests.length, second.requests.length]).toEqual([4, 0]);
    clock.advance(500);
    await ask();
    await ask();
    expect([first.requests.length, second.requests.length]).toEqual([4, 2]);
  });

  it('is followed at once when the old address hangs up on all connections', async () => {
    const { first, second, url, move } = await movingProvider();
    const gateway = await started(
      startGateway({
        MAIN_MODEL_ENGINE: 'vllm',
        COALESCE: 'false',
        MAIN_MODEL_BASE_URL: url,
      }),
    );
    const ask = async (): Promise<number> => (await fetch(`${gateway.url}/v1/models`)).status;
    await Promise.all([ask(), ask(), ask(), ask()]);
    move();
    first.answer(({ socket }) => socket.destroy());
    expect(await Promise.all([ask(), ask()])).toEqual([200, 200]);
    expect(second.requests).toHaveLength(2);
  });
});

describe('a provider of which not all addresses work', () => {
  it.each([
    ['has IPv6 only', [{ address: '::1', family: 6 }]],
    ['refuses at the first address', [v4('127.0.0.9'), { address: '::1', family: 6 }]],
  ])('answers when it %s', async (_name, addresses) => {
    const upstream = await started(startFakeUpstream(LIST, undefined, { host: '::1', port: 0 }));
    resolve(() => addresses);
    const port = upstream.host.split(':').at(-1) ?? '';
    const gateway = await started(
      startGateway({ MAIN_MODEL_ENGINE: 'vllm', MAIN_MODEL_BASE_URL: `http://provider.test:${port}` }),
    );
    expect(await idsOf(await fetch(`${gateway.url}/v1/models`))).toEqual(['a']);
  });

  it.each([
    ['directly', {}],
    ['by proxy', { HTTP_PROXY: 'http://provider.test' }],
  ])('answers within the deadline when its first address says nothing: %s', async (_name, variables) => {
    const upstream = await started(startFakeUpstream(LIST));
    const port = new URL(upstream.url).port;
    await started(startDeadAddress('127.0.0.9', Number(port)));
    resolve(() => [v4('127.0.0.9'), v4('127.0.0.1')]);
    const gateway = await started(
      startGateway({
        MAIN_MODEL_ENGINE: 'vllm',
        MAIN_MODEL_BASE_URL: `http://provider.test:${port}`,
        UPSTREAM_MAX_RETRIES: '0',
        ...Object.fromEntries(Object.entries(variables).map(([name, url]) => [name, `${url}:${port}`])),
      }),
    );
    expect(await idsOf(await fetch(`${gateway.url}/v1/models`))).toEqual(['a']);
  });
});

describe('a reused connection without a byte of an answer', () => {
  it('is left for a fresh one at half of the deadline, and the other idle ones with it', async () => {
    const { ask, upstream, gateway } = await startScenario(LIST, {
      UPSTREAM_TIMEOUT_MS: '1600',
      UPSTREAM_MAX_RETRIES: '0',
      COALESCE: 'false',
    });
    await Promise.all([ask(), ask(), ask()]);
    const lost = new Set<unknown>();
    upstream.answer((request, response) => {
      // As a NAT that has forgotten its connections: what comes by an old one is lost.
      if (lost.size === 0 || lost.has(request.socket)) lost.add(request.socket);
      else LIST(request, response);
    });
    const startedAt = performance.now();
    expect((await ask()).status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThan(700);
    expect(upstream.requests).toHaveLength(5);
    expect((await ask()).status).toBe(200);
    expect(lost.size).toBe(1);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toMatch(/retries_total\{[^}]*\} 1\n/);
  });

  it('still counts when it answers first: a slow provider is no lost one', async () => {
    const { ask, upstream } = await startScenario(LIST, { UPSTREAM_TIMEOUT_MS: '2000' });
    expect((await ask()).status).toBe(200);
    const slow: Script = (request, response) => {
      void upstream.received(3).then(() => {
        LIST(request, response);
      });
    };
    upstream.answer(inTurn(slow, silence));
    expect((await ask()).status).toBe(200);
    expect(upstream.requests).toHaveLength(3);
  });

  it('is no reason to ask twice when the provider answers sooner, or has begun to', async () => {
    const { ask, upstream } = await startScenario(LIST, { UPSTREAM_TIMEOUT_MS: '3000' });
    expect((await ask()).status).toBe(200);
    upstream.answer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write(' ');
      setTimeout(() => response.end('{"data":[{"id":"b"}]}'), 1800);
    });
    expect(await idsOf(await ask())).toEqual(['b']);
    expect(upstream.requests).toHaveLength(2);
  });

  it('costs one time-out when no connection answers', async () => {
    const { ask, upstream } = await startScenario(LIST, { UPSTREAM_TIMEOUT_MS: '600' });
    expect((await ask()).status).toBe(200);
    upstream.answer(silence);
    const answer = await ask();
    expect([answer.status, answer.headers.get('x-should-retry')]).toEqual([502, 'false']);
    expect(upstream.requests).toHaveLength(3);
  });
});
