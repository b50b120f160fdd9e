import { afterEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { startMockVllm } from './mock-vllm.mjs';
import type { MockVllm, MockVllmOptions } from './mock-vllm.mjs';

describe('the mock vLLM', () => {
  let mock: MockVllm | undefined;

  afterEach(async () => {
    await mock?.close();
    mock = undefined;
  });

  async function start(
    options?: MockVllmOptions,
  ): Promise<(path: string, init?: RequestInit) => Promise<Response>> {
    const { url } = (mock = await startMockVllm(options));
    return (path, init) => fetch(url + path, init);
  }

  it("lists its models in vLLM's format", async () => {
    const ask = await start({ models: ['meta/llama-3.1-8b-instruct', '/models/local'] });
    const response = await ask('/v1/models?ignored');

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    const now = Math.floor(Date.now() / 1000);
    const { data, ...envelope } = (await response.json()) as { data: { created: number }[] };
    expect(envelope).toEqual({ object: 'list' });
    expect(data).toMatchObject([{ id: 'meta/llama-3.1-8b-instruct' }, { id: '/models/local' }]);
    expect(data[0]?.created).toBeGreaterThan(now - 10);
    expect(data[0]?.created).toBeLessThanOrEqual(now);
    expect(data[0]).toEqual({
      id: 'meta/llama-3.1-8b-instruct',
      object: 'model',
      created: data[0]?.created,
      owned_by: 'vllm',
      root: 'meta/llama-3.1-8b-instruct',
      parent: null,
      max_model_len: 131_072,
      permission: [
        {
          id: expect.stringMatching(/^modelperm-[\da-f]{16}$/),
          object: 'model_permission',
          created: data[0]?.created,
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
    });
  });

  it('lists adapters behind their models', async () => {
    const ask = await start({ models: ['base'], loras: [{ id: 'sql', parent: 'base' }] });
    expect(await (await ask('/v1/models')).json()).toMatchObject({
      data: [
        { id: 'base', root: 'base', parent: null },
        { id: 'sql', root: '/adapters/sql', parent: 'base', max_model_len: null, owned_by: 'vllm' },
      ],
    });
  });

  it('chats, streamed and not', async () => {
    const ask = await start({ models: ['base'], loras: [{ id: 'sql', parent: 'base' }] });
    const chat = (body: object) =>
      ask('/v1/chat/completions', { method: 'POST', body: JSON.stringify(body) });
    const messages = [{ role: 'user', content: 'two words' }];
    expect(await (await chat({ model: 'sql', messages })).json()).toMatchObject({
      object: 'chat.completion',
      model: 'sql',
      choices: [{ index: 0, message: { role: 'assistant', content: 'two words' }, finish_reason: 'stop' }],
    });

    const streamed = await chat({ model: 'base', messages, stream: true });
    expect(streamed.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const events = (await streamed.text()).split('\n\n').map((event) => event.replace(/^data: /, ''));
    expect(events.splice(-2)).toEqual(['[DONE]', '']);
    const chunks = events.map((event) => JSON.parse(event) as { choices: { delta: { content?: string } }[] });
    expect(chunks.map(({ choices }) => choices[0]?.delta.content)).toEqual(['', 'two ', 'words', undefined]);
    expect(chunks.at(-1)).toMatchObject({
      object: 'chat.completion.chunk',
      choices: [{ finish_reason: 'stop' }],
    });

    const unknown = await chat({ model: 'none', messages });
    expect([unknown.status, await unknown.json()]).toMatchObject([404, { error: { type: 'NotFoundError' } }]);
    expect((await chat({ model: 'base' })).status).toBe(400);
  });

  it('answers 503 while it loads, and then with the list', async () => {
    const ask = await start({ loadingMs: 300, apiKey: 'right' });
    const init = { headers: { authorization: 'Bearer right' } };
    const answers: [number, unknown][] = [];
    do {
      const response = await ask('/v1/models', init);
      answers.push([response.status, await response.json()]);
    } while (answers.at(-1)?.[0] !== 200);
    expect(answers.length).toBeGreaterThan(1);
    const loading = { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } };
    for (const answer of answers.slice(0, -1)) expect(answer).toEqual([503, loading]);
    expect(answers.at(-1)?.[1]).toMatchObject({ object: 'list' });
  });

  it('needs its key while it loads too', async () => {
    const ask = await start({ loadingMs: 60_000, apiKey: 'right' });
    expect([(await ask('/v1/models')).status, (await ask('/health')).status]).toEqual([401, 503]);
  });

  it('makes new permissions for every request', async () => {
    const ask = await start();
    const first = await (await ask('/v1/models')).json();
    const second = await (await ask('/v1/models')).json();
    expect(second).not.toEqual(first);
  });

  it.each([
    ['GET', '/health', 200, ''],
    ['GET', '/v1/models/meta/llama-3.1-8b-instruct', 404, '{"detail":"Not Found"}'],
    ['GET', '/', 404, '{"detail":"Not Found"}'],
    ['POST', '/v1/models', 405, '{"detail":"Method Not Allowed"}'],
    ['GET', '/v1/chat/completions', 405, '{"detail":"Method Not Allowed"}'],
    ['OPTIONS', '/health', 405, '{"detail":"Method Not Allowed"}'],
  ])('answers %s %s with %i', async (method, path, status, body) => {
    const ask = await start();
    const response = await ask(path, { method });
    expect([response.status, await response.text()]).toEqual([status, body]);
  });

  describe('with a key', () => {
    it.each([
      ['GET', '/v1/models', 'Bearer right', 200],
      ['GET', '/v1/models', 'bEARER right', 200],
      ['GET', '/v1/models', 'Bearer wrong', 401],
      ['GET', '/v1/models', 'Bearer  right', 401],
      ['GET', '/v1/models', 'Basic right', 401],
      ['GET', '/v1/models', 'right', 401],
      ['GET', '/v1/models', '', 401],
      ['GET', '/v1/unknown', '', 401],
      ['OPTIONS', '/v1/models', '', 405],
      ['GET', '/health', '', 200],
      ['GET', '/unknown', '', 404],
    ])('answers %s %s with authorization "%s" with %i', async (method, path, authorization, status) => {
      const ask = await start({ apiKey: 'right' });
      const response = await ask(path, { method, headers: { authorization } });
      expect(response.status).toBe(status);
      if (status === 401) expect(await response.json()).toEqual({ error: 'Unauthorized' });
    });
  });

  it('fails at every Nth request for the list', async () => {
    const ask = await start({ failEvery: 3, failStatus: 500 });
    const responses: Response[] = [];
    for (let count = 0; count < 6; count += 1) responses.push(await ask('/v1/models'));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 500, 200, 200, 500]);
    expect(await responses[2]?.json()).toEqual({
      error: {
        message: 'Engine core stopped unexpectedly.',
        type: 'InternalServerError',
        param: null,
        code: 500,
      },
    });
  });

  it('resets the connection on request', async () => {
    const ask = await start({ failEvery: 1, failStatus: 'reset' });
    await expect(ask('/v1/models')).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    expect((await ask('/health')).status).toBe(200);
  });

  it('delays answers under /v1', async () => {
    const ask = await start({ delayMs: 150 });
    const started = performance.now();
    await ask('/v1/models');
    // Timers may fire a millisecond early.
    expect(performance.now() - started).toBeGreaterThanOrEqual(149);
  });

  it('counts all requests', async () => {
    const ask = await start();
    expect(mock?.requests).toBe(0);
    await Promise.all([ask('/v1/models'), ask('/v1/models'), ask('/unknown')]);
    expect(mock?.requests).toBe(3);
  });

  it('aborts requests under way when it is closed', async () => {
    const ask = await start({ delayMs: 60_000 });
    const answer = ask('/v1/models').catch((error: unknown) => error);
    while (mock?.requests === 0) await new Promise(setImmediate);
    await mock?.close();
    mock = undefined;
    expect(await answer).toMatchObject({ message: 'fetch failed' });
  });
});

describe('the mock vLLM as a process', () => {
  type Child = ChildProcessByStdio<null, Readable, Readable>;
  const children: Child[] = [];

  function run(environment: Readonly<Record<string, string>>): Child {
    const child = spawn(process.execPath, [fileURLToPath(new URL('server.mjs', import.meta.url))], {
      env: { MOCK_PORT: '0', MOCK_HOST: '127.0.0.1', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    return child;
  }

  async function urlOf(child: Child): Promise<string> {
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return line.toString().trim().replace('mock vLLM listens on ', '');
  }

  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  it('reads the environment', async () => {
    const url = await urlOf(
      run({
        MOCK_MODELS: 'a/b:c, d',
        MOCK_LORAS: 'x=d, y=a/b:c',
        VLLM_API_KEY: 'key',
        MOCK_FAIL_EVERY: '2',
        MOCK_FAIL_STATUS: '502',
      }),
    );
    const ask = () => fetch(`${url}/v1/models`, { headers: { authorization: 'Bearer key' } });
    expect((await fetch(`${url}/v1/models`)).status).toBe(401);
    expect(await (await ask()).json()).toMatchObject({
      data: [{ id: 'a/b:c' }, { id: 'd' }, { id: 'x', parent: 'd' }, { id: 'y', parent: 'a/b:c' }],
    });
    expect((await ask()).status).toBe(502);
  });

  it('loads for as long as the environment says', async () => {
    const url = await urlOf(run({ MOCK_LOADING_MS: '60000' }));
    expect((await fetch(`${url}/v1/models`)).status).toBe(503);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends with exit code 0 at %s, also with a request under way',
    async (signal) => {
      const child = run({ MOCK_DELAY_MS: '60000', MOCK_API_KEY: '' });
      const url = await urlOf(child);
      const answer = fetch(`${url}/v1/models`).catch((error: unknown) => error);
      await fetch(`${url}/health`);
      child.kill(signal);
      expect(await once(child, 'exit')).toEqual([0, null]);
      expect(await answer).toMatchObject({ message: 'fetch failed' });
    },
  );

  it.each([
    ['MOCK_PORT', '65536'],
    ['MOCK_HOST', 'http://nowhere'],
    ['MOCK_MODELS', 'a,,b'],
    ['MOCK_LORAS', 'a=b,c'],
    ['MOCK_LOADING_MS', 'soon'],
    ['MOCK_API_KEY', 'two words'],
    ['VLLM_API_KEY', 'schlüssel'],
    ['MOCK_DELAY_MS', '-1'],
    ['MOCK_FAIL_EVERY', '1.5'],
    ['MOCK_FAIL_STATUS', '200'],
  ])('refuses a malformed %s', async (name, value) => {
    const child = run({ [name]: value });
    const [message, exit] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect(exit).toEqual([1, null]);
    expect(message).toMatch(new RegExp(`^${name} must be .+\\.\n$`));
    expect(message).not.toContain(value);
  });

  it('reports that it cannot listen', async () => {
    const first = await startMockVllm();
    const child = run({ MOCK_PORT: String(first.port) });
    const [message, exit] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    await first.close();
    expect(exit).toEqual([1, null]);
    expect(message).toBe('MOCK_HOST and MOCK_PORT must be free to listen on (EADDRINUSE).\n');
  });
});
