import { describe, expect, it } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import OpenAI from 'openai';
import { startMockVllm } from '../mock-vllm/mock-vllm.mjs';
import { codeBlocks } from '../support/code-blocks.js';
import { json, startFakeUpstream } from '../support/fake-upstream.js';
import { startOneUrl } from '../support/one-url.js';
import type { Proxy } from '../support/one-url.js';
import { describeWithProgram } from '../support/program.js';
import { started } from '../support/scenario.js';
import { startGateway } from '../support/start-gateway.js';
import { temporaryFolders } from '../support/temporary-folder.js';
import { TestAuthority } from '../support/test-authority.js';

const newFolder = temporaryFolders();
const MODELS = ['meta/llama-3.1-8b-instruct', '/opt/model', 'org/a%2Fb c'];

describe('one base URL', () => {
  describeWithProgram('nginx', 'REQUIRE_NGINX', 'with nginx', () => {
    declareTests('nginx', 'api.openai.com');
  });

  describeWithProgram('caddy', 'REQUIRE_CADDY', 'with Caddy', () => {
    declareTests('caddy', '{upstream}');
  });
});

/** @param host the name that a provider on the internet is asked by; `{upstream}` stands for its address */
function declareTests(proxy: Proxy, host: string): void {
  /** The base URL of a proxy in front of a provider and of a gateway that asks it. */
  async function start(provider: string): Promise<string> {
    const env = { MAIN_MODEL_ENGINE: 'vllm', MAIN_MODEL_BASE_URL: provider };
    const gateway = await started(startGateway(env));
    return (await started(startOneUrl(proxy, { gateway: gateway.url, provider }))).url;
  }

  it("serves lists and chats of OpenAI's SDK", async () => {
    const url = await start((await started(startMockVllm({ models: MODELS }))).url);
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'not-used', maxRetries: 0 });

    const list = await client.models.list();
    expect(list.data.map(({ id }) => id)).toEqual(MODELS);
    // The mock vLLM has no such route, so this is the gateway's answer.
    for (const id of MODELS) expect((await client.models.retrieve(id)).id).toBe(id);

    const messages = [{ role: 'user' as const, content: 'one word after the other' }];
    const [model = ''] = list.data.map(({ id }) => id);
    const whole = await client.chat.completions.create({ model, messages });
    expect(whole.choices[0]?.message.content).toBe('one word after the other');
    const words: (string | null | undefined)[] = [];
    for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) {
      words.push(chunk.choices[0]?.delta.content);
    }
    expect(words).toEqual(['', 'one ', 'word ', 'after ', 'the ', 'other', undefined]);
  });

  it('passes paths on as they were sent', async () => {
    const url = await start((await started(startMockVllm({ models: MODELS }))).url);
    const answers = await Promise.all(
      [
        '/v1/models/meta/llama-3.1-8b-instruct',
        '/v1/models/meta%2Fllama-3.1-8b-instruct',
        '/v1/models//opt/model',
        '/v1/models/%2Fopt%2Fmodel',
        '/v1/models/org%2Fa%252Fb%20c',
        '/v1/models?include_metadata=false',
        '/v1/modelsx',
        '/v1/chat/completions',
      ].map(async (path) => {
        const response = await fetch(url + path);
        const { id, detail } = (await response.json()) as Record<string, unknown>;
        return [path, response.status, id ?? detail];
      }),
    );
    expect(answers).toEqual([
      ['/v1/models/meta/llama-3.1-8b-instruct', 200, 'meta/llama-3.1-8b-instruct'],
      ['/v1/models/meta%2Fllama-3.1-8b-instruct', 200, 'meta/llama-3.1-8b-instruct'],
      ['/v1/models//opt/model', 200, '/opt/model'],
      ['/v1/models/%2Fopt%2Fmodel', 200, '/opt/model'],
      ['/v1/models/org%2Fa%252Fb%20c', 200, 'org/a%2Fb c'],
      ['/v1/models?include_metadata=false', 200, undefined],
      // The provider's answers.
      ['/v1/modelsx', 404, 'Not Found'],
      ['/v1/chat/completions', 405, 'Method Not Allowed'],
    ]);
  });

  it('asks a provider on the internet by its name, and checks its certificate', async () => {
    const authority = new TestAuthority(newFolder());
    const { cert, key } = authority.issue('subjectAltName=DNS:localhost');
    const provider = await started(startFakeUpstream(json({ id: 'chat' }), { cert, key }));
    const upstream = `localhost:${new URL(provider.url).port}`;
    const [chats] = codeBlocks('docs/one-base-url.md').filter(
      ({ mode, language }) => mode === 'recipe' && language.startsWith(proxy),
    );
    const chat = async (trusted: TestAuthority): Promise<number> => {
      const { url } = await started(
        startOneUrl(proxy, {
          gateway: 'http://127.0.0.1:1',
          provider: `https://${upstream}`,
          chats: chats?.code ?? '',
          authority: trusted.root.certFile,
        }),
      );
      return (await fetch(`${url}/v1/chat/completions`, { method: 'POST', body: '{}' })).status;
    };
    expect(await chat(authority)).toBe(200);
    expect(provider.requests.map(({ url, headers }) => [url, headers.host])).toEqual([
      ['/v1/chat/completions', host.replace('{upstream}', upstream)],
    ]);
    expect(await chat(new TestAuthority(newFolder(), 'Another authority'))).toBe(502);
    expect(provider.requests).toHaveLength(1);
  });

  it('holds no stream up, and takes large chats', async () => {
    let held: ServerResponse | undefined;
    const provider = await started(
      startFakeUpstream((_request, response) => {
        // Ollama streams lines, which no proxy knows by their type as it knows events.
        response.writeHead(200, { 'content-type': 'application/x-ndjson' }).write('first\n');
        held = response;
      }),
    );
    const url = await start(provider.url);
    const body = JSON.stringify({ messages: [{ content: 'x'.repeat(8_000_000) }] });
    const response = await fetch(`${url}/api/chat`, { method: 'POST', body });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const read = async (): Promise<string> => Buffer.from((await reader.read()).value ?? []).toString();
    expect(await read()).toBe('first\n');
    // The provider has not sent the next line before, and does not end its answer.
    held?.write('second\n');
    expect(await read()).toBe('second\n');
    held?.end();
    expect(await read()).toBe('');
  });
}
