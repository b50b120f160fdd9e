import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Cancellation } from '../../concurrency/cancellation.js';
import { Slots } from '../../concurrency/slots.js';
import type { UpstreamCall } from '../upstream-request.js';
import type { UpstreamRoute } from '../upstream.route.js';
import { LargeBodies } from './large-bodies.js';
import { LARGE_BYTES } from './scan-body.js';
import { SCAN_WORKER_URL } from './scan-worker-url.js';

/** Takes more memory than it may as soon as it gets a body. */
const GREEDY = new URL(
  `data:text/javascript,${encodeURIComponent(
    "import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { const all = []; for (;;) all.push([{}]); });",
  )}`,
);

class TestedBodies extends LargeBodies {
  override workerUrl: URL = SCAN_WORKER_URL;
}

let bodies: TestedBodies;

beforeEach(() => {
  bodies = new TestedBodies();
});

afterEach(() => bodies.onApplicationShutdown());

describe('LargeBodies', () => {
  it('scans bodies, and gives them back', async () => {
    for (const text of ['[{"id":"a"}]', '{"data":[]}']) {
      const { scanned, bytes } = await bodies.scan(Buffer.from(text));
      expect(scanned.lists).toHaveLength(1);
      expect(bytes.toString()).toBe(text);
    }
  });

  it('takes a large body without a copy, and leaves the memory of a small one to others', async () => {
    const piece = Buffer.from(new ArrayBuffer(8), 2, 2);
    piece.write('[]');
    await bodies.scan(piece);
    expect(piece.toString()).toBe('[]');
    const large = Buffer.from(`[${'1,'.repeat(LARGE_BYTES / 2)}1]`);
    await bodies.scan(large);
    expect(large).toHaveLength(0);
  });

  it('refuses what is not JSON', async () => {
    await expect(bodies.scan(Buffer.from('[{"id":"a"'))).rejects.toMatchObject({ failure: 'invalid' });
  });

  it('survives a thread that takes too much memory, and starts another one', async () => {
    bodies.workerUrl = GREEDY;
    await expect(bodies.scan(Buffer.from('[]'))).rejects.toMatchObject({
      failure: 'invalid',
      message: 'The response of the provider needs too much memory to be read.',
    });
    bodies.workerUrl = SCAN_WORKER_URL;
    await expect(bodies.scan(Buffer.from('[]'))).resolves.toMatchObject({ scanned: { envelope: '[0]' } });
  });

  it('reads one body at a time', async () => {
    const signal = new Cancellation();
    const order: string[] = [];
    const read = (name: string) => async (): Promise<void> => {
      order.push(`${name} begins`);
      await bodies.scan(Buffer.from('[]'));
      order.push(`${name} ends`);
    };
    await Promise.all(['a', 'b', 'c'].map((name) => bodies.inTurn(signal, read(name))));
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('does not read for callers that have left the queue', async () => {
    const first = new Cancellation();
    const second = new Cancellation();
    let finish = (): void => undefined;
    const reading = bodies.inTurn(first, () => new Promise<void>((resolve) => (finish = resolve)));
    const waiting = bodies.inTurn(second, () => Promise.reject(new Error('it was read')));
    second.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    finish();
    await reading;
    await expect(bodies.inTurn(first, () => Promise.resolve('next'))).resolves.toBe('next');
  });

  describe('lets them come in', () => {
    const callBy = (route: UpstreamRoute, signal = new Cancellation()): UpstreamCall => ({
      credential: undefined,
      otherSecrets: [],
      route,
      startedAt: 0,
      signal,
      trace: undefined,
      retried: false,
    });
    const routes = (count: number): UpstreamRoute[] =>
      Array.from({ length: count }, () => ({ largeBody: new Slots(1) }) as UpstreamRoute);

    it('one at a time from a provider, in their order', async () => {
      const [route] = routes(1) as [UpstreamRoute];
      const [first, second, third] = [callBy(route), callBy(route), callBy(route)];
      expect(bodies.comesIn(first)).toBeUndefined();
      const waiting = [bodies.comesIn(second), bodies.comesIn(third)];
      first.endTurn?.();
      await waiting[0];
      expect([first.endTurn, typeof second.endTurn, third.endTurn]).toEqual([
        undefined,
        'function',
        undefined,
      ]);
      second.endTurn?.();
      await waiting[1];
      third.endTurn?.();
      expect(bodies.comesIn(callBy(route))).toBeUndefined();
    });

    it('from four providers at a time, whether or not one is slow', async () => {
      const [slow, ...others] = routes(5).map((route) => callBy(route)) as [UpstreamCall, ...UpstreamCall[]];
      expect(bodies.comesIn(slow)).toBeUndefined();
      const [second, third, fourth, fifth] = others as [
        UpstreamCall,
        UpstreamCall,
        UpstreamCall,
        UpstreamCall,
      ];
      for (const call of [second, third, fourth]) expect(bodies.comesIn(call)).toBeUndefined();
      const waiting = bodies.comesIn(fifth);
      expect(waiting).toBeInstanceOf(Promise);
      third.endTurn?.();
      await waiting;
      expect(fifth.endTurn).toBeDefined();
    });

    it('but none of a caller that has hung up, whatever it waited for', async () => {
      const busy = routes(4).map((route) => callBy(route)) as [UpstreamCall, ...UpstreamCall[]];
      for (const call of busy) expect(bodies.comesIn(call)).toBeUndefined();
      const [, fresh] = routes(2) as [UpstreamRoute, UpstreamRoute];
      for (const route of [busy[0].route, fresh]) {
        const signal = new Cancellation();
        const gone = callBy(route, signal);
        const waiting = bodies.comesIn(gone);
        signal.abort(new Error('gone'));
        await expect(waiting).rejects.toThrow('gone');
        expect(gone.endTurn).toBeUndefined();
      }
      for (const call of busy) call.endTurn?.();
      for (const route of [busy[0].route, fresh]) expect(bodies.comesIn(callBy(route))).toBeUndefined();
    });
  });
});
