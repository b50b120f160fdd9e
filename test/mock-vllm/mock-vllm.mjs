// @ts-check
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * vLLM without a model: the part of its OpenAI-compatible server that lists models, and chats that repeat what was said.
 * `mock-vllm.d.mts` describes the interface.
 * @type {typeof import('./mock-vllm.mjs').startMockVllm}
 */
export async function startMockVllm({
  port = 0,
  host = '127.0.0.1',
  models = ['meta/llama-3.1-8b-instruct', 'meta/llama-3.1-70b-instruct'],
  loras = [],
  apiKey,
  loadingMs = 0,
  delayMs = 0,
  failEvery = 0,
  failStatus = 503,
} = {}) {
  let requests = 0;
  let lists = 0;
  const loadedAt = performance.now() + loadingMs;

  /** @type {(request: import('node:http').IncomingMessage) => Promise<Answer>} */
  async function answer(request) {
    const { headers, method, url = '/' } = request;
    const [path = ''] = url.split('?');
    if (path.startsWith('/v1')) {
      await sleep(delayMs, undefined, { ref: false });
      // Before the routes, as in vLLM: without the key, clients cannot discover them.
      if (apiKey !== undefined && method !== 'OPTIONS' && !isBearer(apiKey, headers.authorization)) {
        return { status: 401, body: { error: 'Unauthorized' } };
      }
    }
    const allow = METHODS.get(path);
    if (allow === undefined) return { status: 404, body: { detail: 'Not Found' } };
    if (method !== allow) return { status: 405, headers: { allow }, body: { detail: 'Method Not Allowed' } };
    if (performance.now() < loadedAt) return { status: 503, body: LOADING };
    if (path === '/health') return { status: 200 };
    if (path === CHATS)
      return chat(await json(request).catch(() => undefined), [...models, ...loras.map(({ id }) => id)]);
    lists += 1;
    if (failEvery === 0 || lists % failEvery !== 0) return { status: 200, body: modelList(models, loras) };
    return failStatus === 'reset' ? 'reset' : { status: failStatus, body: engineError(failStatus) };
  }

  const server = createServer(async (request, response) => {
    requests += 1;
    const answered = await answer(request);
    if (answered === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    if ('events' in answered) {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      for (const event of answered.events) response.write(`data: ${event}\n\n`);
      response.end();
      return;
    }
    const { status, headers, body } = answered;
    const text = body === undefined ? '' : JSON.stringify(body);
    response.writeHead(status, {
      ...headers,
      ...(text !== '' && { 'content-type': 'application/json' }),
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
  });
  server.listen(port, host);
  await once(server, 'listening');

  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    get requests() {
      return requests;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** @typedef {{ status: number, headers?: Record<string, string>, body?: object }} JsonAnswer */
/** @typedef {'reset' | JsonAnswer | { events: string[] }} Answer */

const CHATS = '/v1/chat/completions';
/** The method of each path. */
const METHODS = new Map([
  ['/health', 'GET'],
  ['/v1/models', 'GET'],
  [CHATS, 'POST'],
]);

/** The answer of llama-server while it loads a model; a vLLM that loads takes no connections. */
const LOADING = { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } };

/**
 * A chat that says again what the last message says, one word after the other.
 * @type {(request: unknown, models: readonly string[]) => JsonAnswer | { events: string[] }}
 */
function chat(request, models) {
  const { model, messages, stream } = /** @type {Record<string, unknown>} */ (request ?? {});
  if (typeof model !== 'string' || !Array.isArray(messages) || messages.length === 0) {
    const message = 'model and messages are required.';
    return { status: 400, body: { error: { message, type: 'Bad Request', param: null, code: 400 } } };
  }
  if (!models.includes(model)) {
    const message = `The model \`${model}\` does not exist.`;
    return { status: 404, body: { error: { message, type: 'NotFoundError', param: 'model', code: 404 } } };
  }
  const content = String(messages.at(-1)?.content ?? '');
  const id = `chatcmpl-${randomBytes(16).toString('hex')}`;
  const common = { id, created: Math.floor(Date.now() / 1000), model };
  if (stream !== true) {
    const choice = { index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' };
    return { status: 200, body: { ...common, object: 'chat.completion', choices: [choice], usage: null } };
  }
  /** @type {(delta: object, reason?: string | null) => string} */
  const chunk = (delta, reason = null) =>
    JSON.stringify({
      ...common,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, finish_reason: reason }],
    });
  const words = content.split(/(?<= )/).map((word) => chunk({ content: word }));
  return { events: [chunk({ role: 'assistant', content: '' }), ...words, chunk({}, 'stop'), '[DONE]'] };
}

/** @type {(models: readonly string[], loras: readonly import('./mock-vllm.mjs').MockLora[]) => object} */
function modelList(models, loras) {
  // vLLM creates its rows at every request: dates and permissions never repeat.
  const created = Math.floor(Date.now() / 1000);
  const cards = models.map((id) =>
    modelCard(id, created, { root: id, parent: null, max_model_len: 131_072 }),
  );
  const adapters = loras.map(({ id, parent }) =>
    // The root of an adapter is where it was loaded from.
    modelCard(id, created, { root: `/adapters/${id}`, parent, max_model_len: null }),
  );
  return { object: 'list', data: [...cards, ...adapters] };
}

/** @type {(id: string, created: number, origin: object) => object} */
function modelCard(id, created, origin) {
  return {
    id,
    object: 'model',
    created,
    owned_by: 'vllm',
    ...origin,
    permission: [
      {
        id: `modelperm-${randomBytes(8).toString('hex')}`,
        object: 'model_permission',
        created,
        allow_create_engine: false,
        allow_sampling: true,
        allow_logprobs: true,
        allow_search_indices: false,
        allow_view: true,
        allow_fine_tuning: false,
        organization: '*',
        group: null,
        is_blocking: false,
      },
    ],
  };
}

/** @type {(status: number) => object} */
function engineError(status) {
  const message = 'Engine core stopped unexpectedly.';
  return { error: { message, type: 'InternalServerError', param: null, code: status } };
}

/** @type {(key: string, authorization: string | undefined) => boolean} */
function isBearer(key, authorization = '') {
  const [, token] = /^bearer (.*)$/i.exec(authorization) ?? [];
  // Hashes have one length, so the duration of the comparison reveals nothing about the key.
  return token !== undefined && timingSafeEqual(hash(token), hash(key));
}

/** @type {(text: string) => Buffer} */
function hash(text) {
  return createHash('sha256').update(text).digest();
}
