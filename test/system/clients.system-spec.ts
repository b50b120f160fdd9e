import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { listModels } from '@xsai/model';
import Groq from 'groq-sdk';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import OpenAI, { AzureOpenAI } from 'openai';
import OpenAI4 from 'openai-4';
import { BUILD_MS, builtService } from '../support/built-service.js';
import { outputOf, startDialogue, temporaryHome } from '../support/client-program.js';
import type { Home } from '../support/client-program.js';
import { json, startFakeUpstream } from '../support/fake-upstream.js';
import type { FakeUpstream, Script } from '../support/fake-upstream.js';
import { parseLog } from '../support/log-lines.js';
import { describeWithPackages, describeWithProgram } from '../support/program.js';
import { started } from '../support/scenario.js';
import { secret, SECRET_MARK } from '../support/start-gateway.js';
import { startProcess, untilAlive } from '../support/start-process.js';
import type { ServiceProcess } from '../support/start-process.js';
import { until } from '../support/until.js';

const OURS = secret('ours');
const CALLERS = secret('callers');
const REFUSED = secret('refused');

/** An id that is left out: it ends in half of a character, for which some clients refuse the whole list. */
const HALF = 'vendor/half-\ud800';
const CLAUDE = {
  id: 'lab/claude-tuned',
  display_name: 'Claude, tuned',
  description: 'Writes like the lab.',
  context_length: 200_000,
  architecture: { input_modalities: ['text', 'image', 'file'], output_modalities: ['text'] },
};
const EMBEDDER = {
  id: 'vendor/embed',
  context_length: 8192,
  architecture: { input_modalities: ['text'], output_modalities: ['embeddings'] },
};
/** Codex has a row of its own for this id. */
const KNOWN_TO_CODEX = 'gpt-5.5';
const OTHERS = Array.from({ length: 336 }, (_, n) => ({
  id: `vendor/model-${String(n)}`,
  description: `Model number ${String(n)}.`,
  context_length: 1000 + n,
}));
const ROWS = [CLAUDE, { id: HALF }, EMBEDDER, { id: KNOWN_TO_CODEX, context_length: 4321 }, ...OTHERS].map(
  (row) => ({ object: 'model', created: 1_700_000_000, owned_by: 'lab', ...row }),
);
const IDS = ROWS.map(({ id }) => id).filter((id) => id !== HALF);

const provider: Script = (request, response) => {
  const isRefused = request.headers.authorization === `Bearer ${REFUSED}`;
  const refusal = { error: { message: `Incorrect API key provided: ${REFUSED}`, code: 'invalid_api_key' } };
  (isRefused ? json(refusal, 401) : json({ object: 'list', data: ROWS }))(request, response);
};

let upstream: FakeUpstream;
let home: Home;
let service: ServiceProcess;

// One process for all clients.
beforeAll(async () => {
  const main = await builtService();
  upstream = await startFakeUpstream(provider);
  home = await temporaryHome();
  service = await startProcess(main, home.folder, {
    MAIN_MODEL_ENGINE: 'vllm',
    MAIN_MODEL_BASE_URL: upstream.url,
    VLLM_API_KEY: OURS,
  });
  await untilAlive(service);
}, BUILD_MS);

afterAll(() => Promise.all([service.close(), upstream.close(), home.close()]));

beforeEach(() => {
  upstream.requests.length = 0;
});

/** The credentials that the provider has received. */
function credentials(): (string | undefined)[] {
  return upstream.requests.map(({ headers }) => headers.authorization);
}

/** A client's listing, and how it asks for one model of the list. */
interface Client {
  readonly name: string;
  readonly list: (apiKey: string) => Promise<readonly { readonly id: string }[]>;
  readonly retrieve?: (apiKey: string, id: string) => Promise<{ readonly id: string }>;
}

/** What a client's list holds, through its own way to read a list to the end. */
async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const models: T[] = [];
  for await (const model of list) models.push(model);
  return models;
}

const openai = (apiKey: string): OpenAI =>
  new OpenAI({ apiKey, baseURL: `${service.url}/v1`, maxRetries: 0 });
const openai4 = (apiKey: string): OpenAI4 =>
  new OpenAI4({ apiKey, baseURL: `${service.url}/v1`, maxRetries: 0 });
const azure = (apiKey: string): AzureOpenAI =>
  new AzureOpenAI({ apiKey, endpoint: service.url, apiVersion: '2024-06-01', maxRetries: 0 });
const groq = (apiKey: string): Groq => new Groq({ apiKey, baseURL: service.url, maxRetries: 0 });
const anthropic = (apiKey: string): Anthropic =>
  new Anthropic({ apiKey, baseURL: service.url, maxRetries: 0 });

const CLIENTS: readonly Client[] = [
  {
    name: 'openai 6',
    list: (key) => all(openai(key).models.list()),
    retrieve: (key, id) => openai(key).models.retrieve(id),
  },
  {
    name: 'openai 4',
    list: (key) => all(openai4(key).models.list()),
    retrieve: (key, id) => openai4(key).models.retrieve(id),
  },
  {
    name: 'AzureOpenAI of openai 6',
    list: (key) => all(azure(key).models.list()),
    retrieve: (key, id) => azure(key).models.retrieve(id),
  },
  {
    name: 'groq-sdk',
    list: async (key) => (await groq(key).models.list()).data,
    retrieve: (key, id) => groq(key).models.retrieve(id),
  },
  {
    name: '@anthropic-ai/sdk',
    list: (key) => all(anthropic(key).models.list()),
    retrieve: (key, id) => anthropic(key).models.retrieve(id),
  },
  { name: '@xsai/model', list: (apiKey) => listModels({ apiKey, baseURL: `${service.url}/v1/` }) },
];

describe.each(CLIENTS)('$name', ({ list, retrieve }) => {
  it('shows every model after one request to the provider', async () => {
    expect((await list(CALLERS)).map(({ id }) => id)).toEqual(IDS);
    expect(credentials()).toEqual([`Bearer ${CALLERS}`]);
  });

  it("gets the list of the operator's key when its user has none", async () => {
    expect(await list('Not-Used')).toHaveLength(IDS.length);
    expect(credentials()).toEqual([`Bearer ${OURS}`]);
  });

  if (retrieve !== undefined) {
    it('retrieves a model with a slash in its id', async () => {
      expect((await retrieve(CALLERS, CLAUDE.id)).id).toBe(CLAUDE.id);
    });
  }
});

describe('what clients read', () => {
  it("is in OpenAI's list without being asked for", async () => {
    const [model] = await all(openai(CALLERS).models.list());
    expect(model).toMatchObject({
      name: CLAUDE.display_name,
      description: CLAUDE.description,
      context_length: CLAUDE.context_length,
      max_model_len: CLAUDE.context_length,
      architecture: CLAUDE.architecture,
    });
  });

  it("is in Anthropic's list, in one page", async () => {
    const page = await anthropic(CALLERS).models.list();
    expect(page.hasNextPage()).toBe(false);
    expect(page.data[0]).toMatchObject({
      display_name: CLAUDE.display_name,
      description: CLAUDE.description,
      max_input_tokens: CLAUDE.context_length,
    });
  });
});

describeWithProgram('codex', 'REQUIRE_CODEX', 'Codex', () => {
  type CodexRow = Readonly<Record<string, unknown>> & { readonly slug: string };

  /** The models that Codex shows, by their ids. */
  async function shown(): Promise<ReadonlyMap<string, CodexRow>> {
    const own = await started(temporaryHome());
    const folder = join(own.folder, '.codex');
    await mkdir(folder);
    await writeFile(
      join(folder, 'config.toml'),
      `model = "${CLAUDE.id}"
model_provider = "gateway"
[model_providers.gateway]
name = "gateway"
base_url = "${service.url}/v1"
wire_api = "responses"
[model_providers.gateway.auth]
command = "echo"
args = ["${CALLERS}"]
`,
    );
    const codex = { ...own, env: { ...own.env, CODEX_HOME: folder } };
    const { models } = JSON.parse(await outputOf('codex', ['debug', 'models'], codex)) as {
      models: CodexRow[];
    };
    return new Map(models.map((row) => [row.slug, row]));
  }

  it('shows every model, with what is known of it', async () => {
    const models = await shown();
    expect(IDS.filter((id) => !models.has(id))).toEqual([]);
    expect(models.get(CLAUDE.id)).toMatchObject({
      display_name: CLAUDE.display_name,
      description: CLAUDE.description,
      context_window: CLAUDE.context_length,
      input_modalities: ['text', 'image'],
      visibility: 'list',
    });
    for (const { id, description, context_length: length } of OTHERS)
      expect(models.get(id)).toMatchObject({ description, context_window: length, visibility: 'list' });
    expect(models.get(EMBEDDER.id)).toMatchObject({ visibility: 'hide' });
    // Ours takes the place of its own.
    expect(models.get(KNOWN_TO_CODEX)).toMatchObject({ context_window: 4321 });
    expect(credentials()).toEqual([`Bearer ${CALLERS}`]);
  });
});

describeWithProgram('claude', 'REQUIRE_CLAUDE_CODE', 'Claude Code', () => {
  interface Answer {
    readonly response: {
      readonly response: { readonly models: readonly Readonly<Record<string, unknown>>[] };
    };
  }

  it('offers the models with claude or anthropic in their ids', async () => {
    const own = await started(temporaryHome());
    const kept = join(own.folder, '.claude/cache/gateway-models.json');
    const env = {
      ...own.env,
      ANTHROPIC_BASE_URL: service.url,
      ANTHROPIC_AUTH_TOKEN: CALLERS,
      CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY: '1',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    };
    const options = ['-p', '--verbose', '--input-format', 'stream-json', '--output-format', 'stream-json'];
    const request = { type: 'control_request', request_id: '1', request: { subtype: 'initialize' } };
    const { display_name, description, id } = CLAUDE;
    const offered = (value: unknown): boolean => IDS.some((each) => each === value);
    // It keeps the list in a file, and offers what was there at its start.
    const models = await until('Claude Code offers the list', async () => {
      const claude = startDialogue('claude', options, { ...own, env });
      try {
        await until('Claude Code keeps the list', () => readFile(kept, 'utf8').catch(() => undefined));
        const answer = (await claude.ask(request)) as Answer;
        return (
          answer.response.response.models.some(({ value }) => offered(value)) &&
          answer.response.response.models
        );
      } finally {
        await claude.close();
      }
    });
    expect(JSON.parse(await readFile(kept, 'utf8'))).toMatchObject({
      models: [{ id, display_name, description }],
    });
    expect(models.filter(({ value }) => offered(value))).toEqual([
      expect.objectContaining({ value: id, displayName: display_name, description }),
    ]);
    expect(new Set(credentials())).toEqual(new Set([`Bearer ${CALLERS}`]));
  });
});

describeWithPackages('CONTINUE_FOLDER', "Continue's adapters", (folder) => {
  const LIST = `
    import { constructLlmApi } from '@continuedev/openai-adapters';
    const models = await constructLlmApi(JSON.parse(process.argv[1])).list();
    process.stdout.write(JSON.stringify(models));`;

  /** The models that an adapter lists. */
  async function listed(
    provider: string,
    apiKey: string,
  ): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const home = await started(temporaryHome());
    const config = JSON.stringify({ provider, apiKey, apiBase: `${service.url}/v1` });
    const text = await outputOf(process.execPath, ['--input-type=module', '--eval', LIST, config], {
      ...home,
      folder,
    });
    return JSON.parse(text) as Readonly<Record<string, unknown>>[];
  }

  it.each(['openai', 'vllm'])('of %s show every model', async (provider) => {
    const models = await listed(provider, CALLERS);
    expect(models.map(({ id }) => id)).toEqual(IDS);
    // Continue takes the length of a vLLM from here.
    expect(models[0]).toMatchObject({ max_model_len: CLAUDE.context_length });
    expect(credentials()).toEqual([`Bearer ${CALLERS}`]);
  });

  it("get the list of the operator's key when their user has none", async () => {
    expect(await listed('lmstudio', '')).toHaveLength(IDS.length);
    expect(credentials()).toEqual([`Bearer ${OURS}`]);
  });
});

describe('the credential', () => {
  it.each([
    'Not-Used',
    'Null',
    'UNDEFINED',
    'None',
    'Missing Key',
    'EMPTY',
    'Dummy',
    'NOOP',
    'Not-Needed',
    'not-Provided',
    'NO-KEY',
    'No-Key-Required',
    'SK-no-key-required',
    'LM-Studio',
    'Ollama',
    'Placeholder',
  ])("%s of a client is replaced by the operator's key", async (placeholder) => {
    const page = await openai(placeholder).models.list();
    expect(page.data).toHaveLength(IDS.length);
    await azureHeader(placeholder);
    expect(credentials()).toEqual([`Bearer ${OURS}`, `Bearer ${OURS}`]);
  });

  /** As a client of Azure sends it. */
  async function azureHeader(key: string): Promise<void> {
    expect((await fetch(`${service.url}/v1/models`, { headers: { 'api-key': key } })).status).toBe(200);
  }

  // This test reads the whole log, so it ends the process. It is the last one.
  it('of a caller wins when it is refused too, which the log says once', async () => {
    for (const attempt of [1, 2]) {
      await expect(openai(REFUSED).models.list()).rejects.toThrow(OpenAI.AuthenticationError);
      expect(credentials()).toEqual(Array(attempt).fill(`Bearer ${REFUSED}`));
    }
    service.signal('SIGTERM');
    const { code, stdout } = await service.exited;
    expect(code).toBe(0);
    expect(stdout).not.toContain(SECRET_MARK);
    const hints = parseLog(stdout).filter(({ msg }) => String(msg).includes('PLACEHOLDER_API_KEYS'));
    expect(hints).toEqual([
      expect.objectContaining({
        level: 'warn',
        msg: expect.stringContaining('takes precedence over VLLM_API_KEY'),
      }),
    ]);
  });
});
