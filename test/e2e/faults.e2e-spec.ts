import { describe, expect, it, jest } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { promisify } from 'node:util';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { ModelsService } from '../../src/models/models.service.js';
import { errorOf, failureOf, idsOf } from '../support/answers.js';
import { inTurn, json, raw, silence, startFakeUpstream, text } from '../support/fake-upstream.js';
import type { FakeUpstream, Script } from '../support/fake-upstream.js';
import { started, startScenario } from '../support/scenario.js';
import { secret } from '../support/start-gateway.js';
import { until } from '../support/until.js';

const UNREACHABLE = [502, 'upstream_unreachable'];
const TIMEOUT = [502, 'upstream_timeout'];
const FAILED = [502, 'upstream_error'];
const INVALID = [502, 'upstream_invalid_response'];

const BODY = JSON.stringify({ object: 'list', data: [{ id: 'a' }, { id: 'b' }] });
const LIST = text(BODY);
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
/** Far more than a provider at 127.0.0.1 needs for an answer, and short enough for a test. */
const SHORT = { UPSTREAM_TIMEOUT_MS: '400' };
/** No test waits for this to pass. */
const LONG = { UPSTREAM_TIMEOUT_MS: '60000' };

const reset: Script = ({ socket }) => {
  socket.resetAndDestroy();
};

/** Sends the beginning of an answer, and then does something else. */
function begin(bytes: string, then: (socket: Socket) => void): Script {
  return ({ socket }) => {
    socket.write(bytes, () => {
      then(socket);
    });
  };
}

/** Resolves when the connection to a silent provider is closed. */
function hangUp(upstream: FakeUpstream): Promise<void> {
  return new Promise((resolve) => {
    upstream.answer((_request, response) => {
      response.on('close', resolve);
    });
  });
}

describe('a provider that cannot be reached', () => {
  it('refuses the connection', async () => {
    const { ask, upstream } = await startScenario();
    await upstream.close();
    expect(await failureOf(await ask())).toEqual(UNREACHABLE);
    expect(await failureOf(await ask('/v1/models/a'))).toEqual(UNREACHABLE);
  });

  it('has an unknown name', async () => {
    // A label has at most 63 characters, so the resolver rejects this name without the network.
    const url = `http://${'x'.repeat(64)}.invalid/v1`;
    const { ask } = await startScenario(undefined, { MAIN_MODEL_BASE_URL: url });
    const response = await ask();
    expect(response.status).toBe(502);
    const { message, code } = await errorOf(response);
    expect(code).toBe('upstream_unreachable');
    expect(message).toContain('ENOTFOUND');
  });

  it('speaks no TLS', async () => {
    const upstream = await started(startFakeUpstream(LIST));
    const { ask } = await startScenario(undefined, { MAIN_MODEL_BASE_URL: `https://${upstream.host}` });
    const headers = { authorization: `Bearer ${secret('caller')}` };
    expect(await failureOf(await ask('/v1/models', { headers }))).toEqual(UNREACHABLE);
    expect(upstream.requests).toEqual([]);
  });

  it.each([
    ['before it answers', reset],
    ['without an answer', raw('')],
    ['in the head of its answer', begin('HTTP/1.1 200 OK\r\nContent-', (socket) => socket.resetAndDestroy())],
    [
      'in the body of its answer',
      begin(`${HEAD}Content-Length: 1000\r\n\r\n{"data":[`, (socket) => socket.resetAndDestroy()),
    ],
    [
      'between two chunks of its answer',
      begin(`${HEAD}Transfer-Encoding: chunked\r\n\r\n9\r\n{"data":[\r\n`, (socket) =>
        socket.resetAndDestroy(),
      ),
    ],
    ['before its answer reaches its Content-Length', raw(`${HEAD}Content-Length: 1000\r\n\r\n${BODY}`)],
    [
      'before the last chunk of its answer',
      raw(`${HEAD}Transfer-Encoding: chunked\r\n\r\n${BODY.length.toString(16)}\r\n${BODY}\r\n`),
    ],
  ])('hangs up %s', async (_name, script) => {
    const { ask, upstream } = await startScenario(script);
    const response = await ask();
    expect(await failureOf(response)).toEqual(UNREACHABLE);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(upstream.requests).toHaveLength(2);
  });
});

describe('the deadline', () => {
  it.each<[string, Script]>([
    ['a silent provider', silence],
    ['a provider that stops in the head', begin('HTTP/1.1 200 OK\r\nContent-', () => undefined)],
    ['a provider that stops before the body', begin(`${HEAD}Content-Length: 9\r\n\r\n`, () => undefined)],
    [
      'a provider that stops in the body',
      begin(`${HEAD}Content-Length: 1000\r\n\r\n{"data":[`, () => undefined),
    ],
    [
      'a provider that sends its body byte by byte',
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).write('[');
        const drip = setInterval(() => response.write(' '), 5);
        response.on('close', () => {
          clearInterval(drip);
        });
      },
    ],
    [
      'a provider that sends its head byte by byte',
      ({ socket }) => {
        socket.write('HTTP/1.1 200 OK\r\nx: ');
        const drip = setInterval(() => socket.write('x'), 5);
        socket.on('close', () => {
          clearInterval(drip);
        });
      },
    ],
    ['a provider that repeats a 503', text('', 503)],
    [
      'a provider whose list has no end',
      ({ url = '' }, response) => {
        setTimeout(() => {
          response.end(
            JSON.stringify({ data: [{ id: url }], has_more: true, last_id: String(url.length) + url }),
          );
        }, 20);
      },
    ],
  ])('ends %s', async (_name, script) => {
    const { ask, upstream } = await startScenario(script, {
      ...SHORT,
      MAIN_MODEL_ENGINE: 'anthropic',
      UPSTREAM_MAX_RETRIES: '10',
      UPSTREAM_MAX_PAGES: '100000',
    });
    const begun = performance.now();
    const response = await ask();
    expect(performance.now() - begun).toBeGreaterThanOrEqual(390);
    const { message, code } = await errorOf(response);
    expect([response.status, code]).toEqual(TIMEOUT);
    expect(message).toContain('400 ms');
    expect(upstream.requests.length).toBeLessThan(25);
  });

  it('closes the connection', async () => {
    const { ask, upstream } = await startScenario(undefined, SHORT);
    const hungUp = hangUp(upstream);
    expect(await failureOf(await ask())).toEqual(TIMEOUT);
    await hungUp;
    expect(upstream.requests).toHaveLength(1);
  });

  it('affects one request only', async () => {
    const { ask } = await startScenario(inTurn(silence, LIST), { UPSTREAM_TIMEOUT_MS: '1500' });
    expect(await failureOf(await ask())).toEqual(TIMEOUT);
    expect(await idsOf(await ask())).toEqual(['a', 'b']);
  });
});

describe('an answer that is no model list', () => {
  it.each([
    ['HTML', text('<!doctype html>'), INVALID],
    [
      'shorter than its Content-Length, on a connection to be closed',
      raw(`${HEAD}Connection: close\r\nContent-Length: 1000\r\n\r\n${BODY}`),
      INVALID,
    ],
    ['truncated JSON that ends with the connection', raw(`${HEAD}\r\n{"data":[{"id":`), INVALID],
    ['not HTTP', raw('SSH-2.0-OpenSSH_9.6\r\n'), INVALID],
    ['a malformed status line', raw('HTTP/1.1 OK\r\n\r\n'), INVALID],
    ['a malformed header', raw(`${HEAD}Bad Header\r\n\r\n${BODY}`), INVALID],
    ['a malformed chunk', raw(`${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n${BODY}\r\n`), INVALID],
    ['a malformed length', raw(`${HEAD}Content-Length: many\r\n\r\n${BODY}`), INVALID],
    ['a huge header', text(BODY, 200, { 'x-huge': 'x'.repeat(100_000) }), INVALID],
    ['a switch of protocols', raw('HTTP/1.1 101 Switching Protocols\r\n\r\n'), FAILED],
    [
      'a complete switch of protocols',
      raw('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'),
      FAILED,
    ],
    ['an unexpected 100', raw('HTTP/1.1 100 Continue\r\n\r\n'), FAILED],
    ['damaged gzip', text('not gzip', 200, { 'content-encoding': 'gzip' }), INVALID],
    ['truncated gzip', text(gzipSync(BODY).subarray(0, -12), 200, { 'content-encoding': 'gzip' }), INVALID],
    ['an encoding that was not requested', text(BODY, 200, { 'content-encoding': 'compress' }), INVALID],
  ])('is a failure: %s', async (_name, script, failure) => {
    const { ask, upstream } = await startScenario(inTurn(script, LIST), LONG);
    expect(await failureOf(await ask())).toEqual(failure);
    expect(upstream.requests).toHaveLength(1);
    expect(await idsOf(await ask())).toEqual(['a', 'b']);
  });

  it('may follow early hints', async () => {
    const { ask } = await startScenario((request, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' }, () => {
        LIST(request, response);
      });
    });
    expect(await idsOf(await ask())).toEqual(['a', 'b']);
  });
});

describe('a body', () => {
  it.each([
    ['identity', BODY, 'identity'],
    ['gzip', gzipSync(BODY), 'gzip'],
    ['x-gzip', gzipSync(BODY), 'x-gzip'],
    ['br', brotliCompressSync(BODY), 'br'],
    ['deflate', deflateSync(BODY), 'deflate'],
    ['deflate without its header', deflateRawSync(BODY), 'deflate'],
    ['gzip in br', brotliCompressSync(gzipSync(BODY)), 'gzip, br'],
  ])('may come in %s', async (_name, body, encoding) => {
    const { ask, upstream } = await startScenario(text(body, 200, { 'content-encoding': encoding }));
    const response = await ask();
    expect(response.headers.get('content-encoding')).toBeNull();
    expect(await idsOf(response)).toEqual(['a', 'b']);
    expect(upstream.requests[0]?.headers['accept-encoding']).toBe('gzip, br, deflate');
  });

  const padded = BODY.padEnd(50_000);
  const encodings: [string, Script][] = [
    ['uncompressed', text(padded)],
    [
      'in chunks',
      (_request, response) => {
        for (let at = 0; at < padded.length; at += 10_000) response.write(padded.slice(at, at + 10_000));
        response.end();
      },
    ],
    ['gzip', text(gzipSync(padded), 200, { 'content-encoding': 'gzip' })],
    ['br', text(brotliCompressSync(padded), 200, { 'content-encoding': 'br' })],
    ['deflate', text(deflateSync(padded), 200, { 'content-encoding': 'deflate' })],
  ];

  it.each(encodings)('may be as large as the limit, %s', async (_name, script) => {
    const { ask } = await startScenario(script, { UPSTREAM_MAX_RESPONSE_BYTES: String(padded.length) });
    expect(await idsOf(await ask())).toEqual(['a', 'b']);
  });

  it.each(encodings)('must not be larger than the limit, %s', async (_name, script) => {
    const limit = String(padded.length - 1);
    const { ask, upstream } = await startScenario(script, { UPSTREAM_MAX_RESPONSE_BYTES: limit });
    const response = await ask();
    expect(response.status).toBe(502);
    const { message, code } = await errorOf(response);
    expect(code).toBe('upstream_invalid_response');
    expect(message).toContain('larger');
    expect(upstream.requests).toHaveLength(1);
  });

  it('is rejected when it is a compression bomb', async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000, ' '));
    expect(bomb.length).toBeLessThan(30_000);
    const { ask } = await startScenario(text(bomb, 200, { 'content-encoding': 'gzip' }));
    expect(await failureOf(await ask())).toEqual(INVALID);
  });

  it('is not read to its end when it is too large', async () => {
    const { ask } = await startScenario(
      (_request, response) => {
        const more = (): void => {
          while (response.write(' '.repeat(10_000)));
          response.once('drain', more);
        };
        more();
      },
      { ...LONG, UPSTREAM_MAX_RESPONSE_BYTES: '100000' },
    );
    expect(await failureOf(await ask())).toEqual(INVALID);
  });
});

describe('pages', () => {
  /** A provider with this many pages of one model each. */
  function pagesOf(count: number, cursor = (page: number) => `cursor-${String(page)}`): Script {
    let page = 0;
    return (request, response) => {
      page += 1;
      json({ data: [{ id: `m${String(page)}` }], has_more: page < count, last_id: cursor(page) })(
        request,
        response,
      );
    };
  }
  const anthropic = { ...LONG, MAIN_MODEL_ENGINE: 'anthropic' };
  const first = json({ data: [{ id: 'm1' }], has_more: true, last_id: 'm1' });

  it('are all read, up to a thousand', async () => {
    const { ask, upstream } = await startScenario(pagesOf(1000), {
      ...anthropic,
      UPSTREAM_MAX_PAGES: '1000',
    });
    const ids = await idsOf(await ask());
    expect(ids).toEqual(Array.from({ length: 1000 }, (_, index) => `m${String(index + 1)}`));
    expect(upstream.requests).toHaveLength(1000);
  });

  it.each([
    [{}, 100],
    [{ UPSTREAM_MAX_PAGES: '3' }, 3],
  ])('are a 502 when there are too many: %j', async (env, limit) => {
    const { ask, upstream } = await startScenario(pagesOf(limit), { ...anthropic, ...env });
    expect(await idsOf(await ask())).toHaveLength(limit);
    upstream.answer(pagesOf(1000));
    expect(await failureOf(await ask())).toEqual(INVALID);
    expect(upstream.requests).toHaveLength(2 * limit);
  });

  it.each([
    ['the same cursor again', () => 'same'],
    ['a cycle of cursors', (page: number) => String(page % 3)],
  ])('must not repeat: %s', async (_name, cursor) => {
    const { ask, upstream } = await startScenario(pagesOf(1000, cursor), anthropic);
    expect(await failureOf(await ask())).toEqual(INVALID);
    expect(upstream.requests.length).toBeLessThanOrEqual(4);
  });

  it.each([
    ['500', text('', 500), FAILED],
    ['403', json({ error: { message: 'No.', code: 'no' } }, 403), [403, 'no']],
    ['HTML', text('<p>'), INVALID],
    ['a reset', reset, UNREACHABLE],
    ['a redirect', text('', 302, { location: '/' }), FAILED],
  ])('are a failure when the second one is %s', async (_name, second, failure) => {
    const { ask, upstream } = await startScenario(inTurn(first, second), anthropic);
    expect(await failureOf(await ask())).toEqual(failure);
    expect(upstream.requests.length).toBeGreaterThan(1);
  });

  it('are each retried', async () => {
    const last = json({ data: [{ id: 'm2' }], has_more: false });
    const busy = text('', 503);
    const { ask, upstream } = await startScenario(inTurn(busy, first, busy, last), anthropic);
    expect(await idsOf(await ask())).toEqual(['m1', 'm2']);
    expect(upstream.requests).toHaveLength(4);
  });
});

describe('a retry', () => {
  it.each<[string, Script]>([
    ['502', text('', 502)],
    ['503', text('', 503)],
    ['504', text('', 504)],
    ['a reset', reset],
    ['a connection that is closed without an answer', raw('')],
    ['a body that breaks off', raw(`${HEAD}Content-Length: 1000\r\n\r\n${BODY}`)],
  ])('happens after %s', async (_name, script) => {
    const { ask, upstream } = await startScenario(inTurn(script, LIST));
    const headers = { authorization: `Bearer ${secret('caller')}`, 'openai-project': 'p' };
    expect(await idsOf(await ask('/v1/models', { headers }))).toEqual(['a', 'b']);
    expect(upstream.requests).toHaveLength(2);
    expect(upstream.requests[1]).toEqual(upstream.requests[0]);
  });

  it.each([
    [500, FAILED],
    [501, FAILED],
    [505, FAILED],
    [529, FAILED],
    [302, FAILED],
    [400, [400, null]],
    [401, [401, null]],
    [408, [408, null]],
    [409, [409, null]],
    [425, [425, null]],
    [429, [429, null]],
  ])('does not happen after %d', async (status, failure) => {
    const { ask, upstream } = await startScenario(inTurn(text('', status), LIST));
    expect(await failureOf(await ask())).toEqual(failure);
    expect(upstream.requests).toHaveLength(1);
  });

  it.each([0, 1, 3])('happens at most UPSTREAM_MAX_RETRIES times: %d', async (retries) => {
    const env = { ...LONG, UPSTREAM_MAX_RETRIES: String(retries) };
    const { ask, upstream } = await startScenario(text('', 503), env);
    expect(await failureOf(await ask())).toEqual(FAILED);
    upstream.answer(reset);
    expect(await failureOf(await ask())).toEqual(UNREACHABLE);
    expect(upstream.requests).toHaveLength(2 * (retries + 1));
  });

  it('happens when the provider has closed an idle connection', async () => {
    const sockets: Socket[] = [];
    const closing: Script = (request, response) => {
      const used = sockets.includes(request.socket);
      sockets.push(request.socket);
      // As if the provider closed the connection while the next request was under way.
      if (used) request.socket.destroy();
      else LIST(request, response);
    };
    const { ask, upstream } = await startScenario(closing);
    for (let turn = 0; turn < 3; turn += 1) expect(await idsOf(await ask())).toEqual(['a', 'b']);
    expect(upstream.requests).toHaveLength(5);
    expect(new Set(sockets).size).toBe(3);
  });
});

describe('the connections to the provider', () => {
  it('are kept alive and reused', async () => {
    const sockets = new Set<Socket>();
    const { ask, upstream } = await startScenario((request, response) => {
      sockets.add(request.socket);
      LIST(request, response);
    });
    for (let turn = 0; turn < 5; turn += 1) expect(await idsOf(await ask())).toEqual(['a', 'b']);
    upstream.answer((request, response) => {
      sockets.add(request.socket);
      text('{"error":{}}', 401)(request, response);
    });
    for (let turn = 0; turn < 5; turn += 1) expect((await ask()).status).toBe(401);
    expect(upstream.requests).toHaveLength(10);
    expect(sockets.size).toBe(1);
  });

  it.each([
    [1, 1],
    [2, 2],
    [64, 6],
  ])('are at most UPSTREAM_MAX_CONNECTIONS: %d', async (limit, expected) => {
    const sockets = new Set<Socket>();
    const held: (() => void)[] = [];
    const { ask, upstream } = await startScenario(
      (request, response) => {
        sockets.add(request.socket);
        held.push(() => {
          LIST(request, response);
        });
      },
      { ...LONG, UPSTREAM_MAX_CONNECTIONS: String(limit) },
    );
    // Callers with different keys share no request.
    const pending = Array.from({ length: 6 }, (_, index) =>
      ask('/v1/models', { headers: { authorization: `Bearer ${secret(String(index))}` } }).then(idsOf),
    );
    for (let received = 0; received < 6;) {
      received = Math.min(6, received + expected);
      await upstream.received(received);
      for (const answer of held.splice(0)) answer();
    }
    expect(await Promise.all(pending)).toEqual(Array.from({ length: 6 }, () => ['a', 'b']));
    expect(sockets.size).toBe(expected);
  });
});

describe('a caller that hangs up', () => {
  it('cancels its request to the provider', async () => {
    const { ask, upstream } = await startScenario(undefined, LONG);
    const hungUp = hangUp(upstream);
    const caller = new AbortController();
    const pending = ask('/v1/models', { signal: caller.signal });
    await upstream.received(1);
    caller.abort();
    await expect(pending).rejects.toThrow('aborted');
    await hungUp;
  });

  it('cancels the request within the body too', async () => {
    const { ask, upstream } = await startScenario(undefined, LONG);
    const caller = new AbortController();
    const hungUp = new Promise((resolve) => {
      upstream.answer((_request, response) => {
        response.writeHead(200).write('{"data":[', () => {
          caller.abort();
        });
        response.on('close', resolve);
      });
    });
    await expect(ask('/v1/models', { signal: caller.signal })).rejects.toThrow('aborted');
    await hungUp;
  });

  it('cancels the last of several retries', async () => {
    const { ask, upstream } = await startScenario(text('', 503), { ...LONG, UPSTREAM_MAX_RETRIES: '10' });
    const caller = new AbortController();
    const pending = ask('/v1/models', { signal: caller.signal });
    await upstream.received(2);
    const hungUp = hangUp(upstream);
    await upstream.received(3);
    caller.abort();
    await expect(pending).rejects.toThrow('aborted');
    await hungUp;
    expect(upstream.requests).toHaveLength(3);
  });

  it('does not affect others that wait for the same answer', async () => {
    const held: ServerResponse[] = [];
    const { ask, gateway, upstream } = await startScenario((_request, response) => {
      held.push(response);
    }, LONG);
    const server = gateway.app.getHttpServer();
    const connections = promisify(server.getConnections.bind(server));
    const listed = jest.spyOn(gateway.app.get(ModelsService), 'list');
    const leaving = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    leaving.write('GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n');
    await upstream.received(1);
    const staying = ask();
    await until('both requests have arrived', () => listed.mock.calls.length === 2);
    leaving.destroy();
    await until('one has gone', async () => (await connections()) === 1);
    for (const response of held) response.end(BODY);
    expect(await idsOf(await staying)).toEqual(['a', 'b']);
    expect(upstream.requests).toHaveLength(1);
  });
});
