import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { checkVariables, ConfigurationError, variableNames } from '../../src/config/variables.js';
import { failureOf, idsOf } from '../support/answers.js';
import { BUILD_MS, builtService } from '../support/built-service.js';
import { json, silence, startFakeUpstream } from '../support/fake-upstream.js';
import type { FakeUpstream } from '../support/fake-upstream.js';
import { hasIpv6 } from '../support/has-ipv6.js';
import { logLines, parseLog } from '../support/log-lines.js';
import { started } from '../support/scenario.js';
import { secret, SECRET_MARK, startGateway } from '../support/start-gateway.js';
import { freePort, isRefused, startProcess, untilAlive } from '../support/start-process.js';
import type { Exit, ServiceProcess } from '../support/start-process.js';
import { temporaryFolders } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const newFolder = temporaryFolders();
let main: string;
/** The variables that a test has set in this process. */
let given: readonly string[] = [];
let folder: string;

beforeAll(async () => {
  main = await builtService();
}, BUILD_MS);

beforeEach(() => {
  folder = newFolder();
});

/** Starts the service in an empty folder and with only these variables. */
function start(env: Record<string, string>): Promise<ServiceProcess> {
  return started(startProcess(main, folder, env));
}

/** Sends a signal as soon as the process answers, and returns its exit. */
async function startAndStop(env: Record<string, string>, signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
  const running = await start(env);
  await untilAlive(running);
  running.signal(signal);
  return running.exited;
}

/** Sets the variables of this process, which has no others that the service knows. */
function setVariables(env: Record<string, string>): void {
  for (const name of new Set([...variableNames(), ...given])) Reflect.deleteProperty(process.env, name);
  given = Object.keys(env);
  Object.assign(process.env, env);
}

/** What the start says of a configuration that stops it, as `main` writes it. The first tests see `main` do so. */
function refusalOf(env: Record<string, string>): string {
  setVariables(env);
  try {
    checkVariables();
  } catch (error) {
    const message = error instanceof ConfigurationError ? error.message : String(error);
    expect(message).not.toContain(SECRET_MARK);
    return `${message}\n`;
  }
  throw new Error('the configuration is valid');
}

describe('a malformed configuration', () => {
  const bad = {
    PORT: 'abc-SECRET0',
    LOG_LEVEL: 'SECRET0',
    SHUTDOWN_DELAY_MS: '-70707',
    MAIN_MODEL_ENGINE: 'SECRET0\nx',
    MAIN_MODEL_BASE_URL: 'ftp://SECRET0.test',
    AZURE_OPENAI_ENDPOINT: 'not a url SECRET0',
    COHERE_BASE_URL: 'https://user:SECRET0@gw.test',
    OPENAI_API_KEY: 'SECRET0 SECRET0',
    UPSTREAM_TIMEOUT_MS: '-80808',
    UPSTREAM_MAX_RETRIES: '9090.9',
  };

  it('stops the start with one message that names every variable and no value', async () => {
    const { exited } = await start({ ...bad, VLLM_API_KEY: secret('good') });
    const { code, stdout, stderr } = await exited;
    expect(code).toBe(1);
    expect(stdout).toBe('');
    const [headline, ...lines] = stderr.trimEnd().split('\n');
    expect(headline).toBe('The configuration is not valid:');
    expect(lines.map((line) => /^ {2}([A-Z_]+) must be /.exec(line)?.[1]).sort()).toEqual(
      Object.keys(bad).sort(),
    );
    expect(stderr).not.toMatch(/SECRET0|70707|80808|9090|gw\.test/);
  });

  it('stops the start for files of models that cannot be read as such, and shows nothing of them', async () => {
    const contents = {
      no_json: '["SECRET0"',
      no_list: '{"id":"SECRET0"}',
      misspelt: '[{"id":"a","owner":"SECRET0"}]',
      another_type: '[{"id":"a","created":"SECRET0"}]',
      too_large: `["${'SECRET0'.repeat(1_500_000)}"]`,
    };
    for (const [name, content] of Object.entries(contents)) await writeFile(join(folder, name), content);
    await mkdir(join(folder, 'folder'));
    const names = [...Object.keys(contents), 'folder', 'missing'];
    const variables = names.map((name) => `${name.toUpperCase()}_MODELS_STATIC_FILE`);
    const message = refusalOf({
      MODEL_ENGINES: names.join(),
      ...Object.fromEntries(variables.map((variable, index) => [variable, join(folder, names[index] ?? '')])),
    });
    const [headline, ...lines] = message.trimEnd().split('\n');
    expect(headline).toBe('The configuration is not valid:');
    expect(
      lines
        .map((line) => line.replace(/ must be the path of a readable file that holds JSON .*$/, '').trim())
        .sort(),
    ).toEqual(variables.sort());
  });

  it('stops the start with one message when two engines would share a key', async () => {
    const { exited } = await start({ MODEL_ENGINES: 'gemini,google', GOOGLE_API_KEY: secret('google') });
    const { code, stdout, stderr } = await exited;
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      'The configuration is not valid:\n' +
        '  MODEL_ENGINES must not name both gemini and google: GOOGLE_API_KEY would be the key of either\n',
    );
  });

  it('stops the start in .env too', async () => {
    await writeFile(join(folder, '.env'), 'UPSTREAM_TIMEOUT_MS=soon\n');
    const { code, stdout, stderr } = await (await start({})).exited;
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      'The configuration is not valid:\n  UPSTREAM_TIMEOUT_MS must be a whole number from 1 to 600000\n',
    );
  });
});

describe('what editors, shells and templates leave in a configuration', () => {
  it('stops the start with one message that names every variable and the reason, and no value', async () => {
    const keyFile = join(folder, 'key');
    await writeFile(keyFile, `export VLLM_API_KEY=${secret('file')}\n`);
    const message = refusalOf({
      OPENAI_API_KEY: `"${secret('quoted')}"`,
      GROQ_API_KEY: `GROQ_API_KEY=${secret('named')}`,
      VLLM_API_KEY_FILE: keyFile,
      UPSTREAM_HEADERS: `'Orbit-Key: ${secret('header')}'`,
      MAIN_MODEL_BASE_URL: 'http:///SECRET0',
      COHERE_BASE_URL: '"https://SECRET0.test"',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://${SECRET0}:4318',
      REDIS_URL: 'redis://:SECRET0@:6379',
    });
    const [headline, ...lines] = message.trimEnd().split('\n');
    expect(headline).toBe('The configuration is not valid:');
    expect(
      lines
        .map((line) => /^ {2}(\w+) .*?(quotes|NAME=value|no host|placeholder)/.exec(line)?.slice(1))
        .sort(),
    ).toEqual([
      ['COHERE_BASE_URL', 'quotes'],
      ['GROQ_API_KEY', 'NAME=value'],
      ['MAIN_MODEL_BASE_URL', 'no host'],
      ['OPENAI_API_KEY', 'quotes'],
      ['OTEL_EXPORTER_OTLP_ENDPOINT', 'placeholder'],
      ['REDIS_URL', 'no host'],
      ['UPSTREAM_HEADERS', 'quotes'],
      ['VLLM_API_KEY_FILE', 'NAME=value'],
    ]);
    expect(message).not.toContain('SECRET0');
  });
});

describe('a .env', () => {
  const LINES = `LOG_LEVEL=warn\r\nMAIN_MODEL_ENGINE=cohere\r\nCOHERE_API_KEY=${secret('env')}\r\n`;
  const RULE =
    '.env must be saved as UTF-8: in Windows PowerShell, "Out-File -Encoding utf8" does so, ">" does not';

  it('in UTF-16, as PowerShell writes it, stops the start with one message', async () => {
    await writeFile(join(folder, '.env'), Buffer.from(`\uFEFF${LINES}`, 'utf16le'));
    const { code, stdout, stderr } = await (await start({ PORT: 'x' })).exited;
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `The configuration is not valid:\n  ${RULE}\n  PORT must be a whole number from 0 to 65535\n`,
    );
  });

  it('in UTF-8 with a byte order mark is read from its first variable on', async () => {
    await writeFile(join(folder, '.env'), `\uFEFF${LINES}`);
    const { code, stdout, stderr } = await startAndStop({ LOG_LEVEL: 'info' });
    expect([code, stderr]).toEqual([0, '']);
    expect(parseLog(stdout)[0]?.['msg']).toMatch(/, engine cohere, .*, key from COHERE_API_KEY$/);
    // The environment wins; without it the first line counts.
    expect(await startAndStop({})).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});

describe('a file that should hold a key', () => {
  const RULE =
    'must be the path of a readable file that holds one line of visible ASCII characters without spaces';

  it('stops the start with one message when it is missing, holds no key, or stands beside one', async () => {
    const contents = { empty: '', control: 'SECRET0\u0007', SECRET0: 'SECRET0' };
    for (const [name, content] of Object.entries(contents)) await writeFile(join(folder, name), content);
    const message = refusalOf({
      OPENAI_API_KEY_FILE: join(folder, 'SECRET0-missing'),
      ANTHROPIC_API_KEY_FILE: join(folder, 'empty'),
      COHERE_API_KEY_FILE: join(folder, 'control'),
      VLLM_API_KEY_FILE: join(folder, 'SECRET0'),
      VLLM_API_KEY: 'SECRET0',
    });
    const [headline, ...lines] = message.trimEnd().split('\n');
    expect(headline).toBe('The configuration is not valid:');
    expect(lines.sort()).toEqual([
      `  ANTHROPIC_API_KEY_FILE ${RULE}`,
      `  COHERE_API_KEY_FILE ${RULE}`,
      `  OPENAI_API_KEY_FILE ${RULE}`,
      '  VLLM_API_KEY_FILE must not be set together with VLLM_API_KEY',
    ]);
  });

  it('is named in the start line', async () => {
    const path = join(folder, 'key');
    await writeFile(path, secret('file'));
    const gateway = await started(startGateway({ OPENAI_API_KEY_FILE: path }));
    const said = logLines(gateway).find(({ context }) => context === 'StartupLog');
    expect(said?.['msg']).toMatch(/, key from OPENAI_API_KEY_FILE$/);
  });
});

it.each(['redis://h/abc', 'redis://u:%zz@h'])('REDIS_URL=%s stops the start with one message', (url) => {
  const message = refusalOf({ REDIS_URL: url, CACHE_TTL_SECONDS: '1' });
  expect(message).toMatch(/^The configuration is not valid:\n {2}REDIS_URL must be [^\n]+\n$/);
  expect(message).not.toContain(url);
});

describe('the configuration', () => {
  it('is read from .env in the working directory, which the environment overrides', async () => {
    const lines = [
      '# mine',
      'MAIN_MODEL_ENGINE=cohere',
      `COHERE_API_KEY="${secret('file')}"`,
      'LOG_LEVEL=warn',
    ];
    await writeFile(join(folder, '.env'), `${lines.join('\n')}\n`);
    const { code, stdout, stderr } = await startAndStop({ LOG_LEVEL: 'info' });
    expect([code, stderr]).toEqual([0, '']);
    expect(parseLog(stdout)[0]?.['msg']).toMatch(/, engine cohere, .*, key from COHERE_API_KEY$/);
    expect(stdout).not.toContain(SECRET_MARK);
  });

  it('counts an empty variable as unset', async () => {
    const { code, stdout, stderr } = await startAndStop({
      MAIN_MODEL_ENGINE: '',
      MAIN_MODEL_BASE_URL: ' ',
      OPENAI_API_KEY: '',
      LOG_LEVEL: '',
      UPSTREAM_TIMEOUT_MS: '',
    });
    expect([code, stderr]).toEqual([0, '']);
    expect(parseLog(stdout)[0]?.['msg']).toMatch(
      /, engine openai, upstream https:\/\/api\.openai\.com\/v1\/models, no key of its own$/,
    );
  });

  it('may be incomplete', async () => {
    const { url } = await started(startGateway({ MAIN_MODEL_ENGINE: 'nim' }));
    expect(await failureOf(await fetch(`${url}/readyz`))).toEqual([503, 'provider_not_configured']);
  });
});

describe('the AWS SDK', () => {
  it.each<[engine: string, isLoaded: boolean]>([
    ['bedrock', true],
    ['vllm', false],
  ])('with the engine %s is loaded: %s', async (engine, isLoaded) => {
    const upstream = await started(
      startFakeUpstream(json({ modelSummaries: [], inferenceProfileSummaries: [], data: [] })),
    );
    const running = await start({
      MAIN_MODEL_ENGINE: engine,
      MAIN_MODEL_BASE_URL: upstream.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: secret('aws'),
      // Node.js then says which files it loads. The build has the SDK in a file of its own.
      NODE_DEBUG: 'esm',
    });
    await untilAlive(running);
    expect((await fetch(`${running.url}/v1/models`)).status).toBe(200);
    running.signal('SIGTERM');
    const { stderr } = await running.exited;
    expect(stderr).toMatch(/^ESM.* file:.*\/main\.js/m);
    expect(/^ESM.* file:.*\/client-bedrock-\w+\.js/m.test(stderr)).toBe(isLoaded);
  });
});

describe.each(['PORT', 'METRICS_PORT'])('a %s that is in use', (variable) => {
  it('stops the start with one line', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const port = String((other.address() as AddressInfo).port);
    const { code, stdout, stderr } = await (await start({ [variable]: port })).exited;
    other.close();
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `The service cannot listen: ${variable} ${port} is in use by another process (EADDRINUSE).\n`,
    );
  });
});

describe('PORT=0', () => {
  it('takes a free port, which the start line names', async () => {
    const running = await start({ PORT: '0' });
    const [, address = ''] =
      / listens on (http:\/\/127\.0\.0\.1:[1-9]\d*), /.exec(await running.firstOutput) ?? [];
    expect((await fetch(`${address}/healthz`)).status).toBe(200);
  });
});

describe('without HOST', () => {
  it('both families of addresses are served, metrics on their own port too', async () => {
    const metricsPort = String(await freePort());
    const service = await start({ HOST: '', METRICS_PORT: metricsPort });
    await untilAlive(service);
    const { port } = new URL(service.url);
    const hosts = hasIpv6() ? ['127.0.0.1', '[::1]'] : ['127.0.0.1'];
    for (const host of hosts) {
      expect((await fetch(`http://${host}:${port}/healthz`)).status).toBe(200);
      expect((await fetch(`http://${host}:${metricsPort}/metrics`)).status).toBe(200);
    }
  });
});

describe('a HOST that the service cannot listen on', () => {
  it.each<[what: string, host: string, reason: RegExp]>([
    ['has no address', 'no.such.invalid', /cannot be resolved to an address \((?:ENOTFOUND|EAI_AGAIN)\)/],
    ['belongs to another machine', '192.0.2.1', /is not an address of this machine \(EADDRNOTAVAIL\)/],
  ])('stops the start with one line when it %s', async (_what, host, reason) => {
    const metricsPort = String(await freePort());
    const starts = [{}, { METRICS_PORT: metricsPort }].map((env) => start({ HOST: host, ...env }));
    for (const { exited } of await Promise.all(starts)) {
      const { code, stderr } = await exited;
      expect(code).toBe(1);
      expect(stderr).toMatch(new RegExp(`^The service cannot listen: HOST ${reason.source}\\.\\n$`));
      expect(stderr).not.toContain(host);
    }
  });
});

describe.each<NodeJS.Signals>(['SIGTERM', 'SIGINT'])('%s', (signal) => {
  let upstream: FakeUpstream;
  let held: ServerResponse[];

  beforeEach(async () => {
    held = [];
    upstream = await started(
      startFakeUpstream((_request, response) => {
        held.push(response);
      }),
    );
  });

  function answerAll(): void {
    for (const response of held.splice(0)) response.end('{"data":[{"id":"a"}]}');
  }

  function serve(env: Record<string, string>): Promise<ServiceProcess> {
    return start({
      MAIN_MODEL_ENGINE: 'vllm',
      MAIN_MODEL_BASE_URL: upstream.url,
      UPSTREAM_TIMEOUT_MS: '60000',
      ...env,
    });
  }

  it('ends an idle process', async () => {
    const { code, stdout, stderr } = await startAndStop({}, signal);
    expect([code, stderr]).toEqual([0, '']);
    expect(parseLog(stdout).map(({ level }) => level)).toEqual(['info']);
  });

  it('completes requests under way, and refuses new ones', async () => {
    const running = await serve({});
    await untilAlive(running);
    const pending = fetch(`${running.url}/v1/models`);
    await upstream.received(1);
    running.signal(signal);
    await until('connections are refused', () => isRefused(running.url));
    answerAll();
    const response = await pending;
    expect(response.headers.get('connection')).toBe('close');
    expect(await idsOf(response)).toEqual(['a']);
    const { code, stdout, stderr } = await running.exited;
    expect([code, stderr]).toEqual([0, '']);
    expect(parseLog(stdout).at(-1)).toMatchObject({ msg: 'request', status: 200, route: '/v1/models' });
  });

  it('does not wait for connections that have brought no whole request', async () => {
    const running = await serve({});
    await untilAlive(running);
    const sockets = [
      '',
      'GET /v1/models HTTP/1.1\r\nHost: x\r\n',
      'POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf',
    ].map((sent) => {
      const socket = connect(Number(new URL(running.url).port), '127.0.0.1');
      // The connection will be reset.
      socket.on('error', () => undefined);
      socket.write(sent);
      return socket;
    });
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
    running.signal(signal);
    const { code, stderr } = await running.exited;
    for (const socket of sockets) socket.destroy();
    expect([code, stderr]).toEqual([0, '']);
  });

  it('sends answers under way to the last byte, also to a slow reader', async () => {
    const running = await serve({});
    await untilAlive(running);
    // More than the buffers of both sides hold.
    const list = {
      data: Array.from({ length: 60_000 }, (_, index) => ({
        id: `model-${String(index)}`,
        owned_by: 'x'.repeat(60),
      })),
    };
    upstream.answer(json(list));
    const socket = connect(Number(new URL(running.url).port), '127.0.0.1');
    socket.write('GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n');
    await upstream.received(1);
    // The first bytes: the rest waits on both sides.
    await once(socket, 'readable');
    running.signal(signal);
    await until('connections are refused', () => isRefused(running.url));
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(socket, 'close');
    const answer = Buffer.concat(chunks).toString('latin1');
    const length = Number(/content-length: (\d+)/i.exec(answer)?.[1]);
    expect(length).toBeGreaterThan(5_000_000);
    expect(answer.length - answer.indexOf('\r\n\r\n') - 4).toBe(length);
    const { code, stdout } = await running.exited;
    expect(code).toBe(0);
    expect(parseLog(stdout).at(-1)).toMatchObject({ msg: 'request', status: 200 });
  });

  it('makes /readyz a 503 for SHUTDOWN_DELAY_MS first', async () => {
    const running = await serve({ SHUTDOWN_DELAY_MS: '3000' });
    await untilAlive(running);
    expect((await fetch(`${running.url}/readyz`)).status).toBe(200);
    const early = fetch(`${running.url}/v1/models`);
    await upstream.received(1);
    running.signal(signal);
    const signalled = performance.now();
    await until('it is not ready', async () => (await fetch(`${running.url}/readyz`)).status === 503);
    expect(await failureOf(await fetch(`${running.url}/readyz`))).toEqual([503, 'shutting_down']);
    expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
    upstream.answer(json({ data: [{ id: 'late' }] }));
    expect(await idsOf(await fetch(`${running.url}/v1/models`, { headers: { 'x-api-key': 'k' } }))).toEqual([
      'late',
    ]);
    answerAll();
    expect(await idsOf(await early)).toEqual(['a']);
    expect((await running.exited).code).toBe(0);
    expect(performance.now() - signalled).toBeGreaterThan(2900);
  });
});

it('the bundled build serves the documentation', async () => {
  const running = await start({});
  await untilAlive(running);
  for (const path of ['/openapi.json', '/docs', '/docs/swagger-ui-bundle.js', '/docs/swagger-ui.css']) {
    const response = await fetch(running.url + path);
    expect([path, response.status]).toEqual([path, 200]);
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(100);
  }
});

it('twenty engines all notice that a caller has hung up, and Node.js warns of nothing', async () => {
  let abandoned = 0;
  const upstream = await started(
    startFakeUpstream((_request, response) => {
      response.on('close', () => {
        abandoned += 1;
      });
    }),
  );
  const names = Array.from({ length: 20 }, (_, index) => `lab_${'abcdefghijklmnopqrst'.charAt(index)}`);
  const running = await start({
    MODEL_ENGINES: names.join(),
    ...Object.fromEntries(names.map((name) => [`${name.toUpperCase()}_BASE_URL`, upstream.url])),
    UPSTREAM_TIMEOUT_MS: '60000',
  });
  await untilAlive(running);
  const caller = new AbortController();
  const asking = fetch(`${running.url}/v1/models`, { signal: caller.signal });
  await upstream.received(names.length);
  caller.abort();
  await expect(asking).rejects.toThrow('aborted');
  await until('all requests are abandoned', () => abandoned === names.length);
  running.signal('SIGTERM');
  const { code, stderr } = await running.exited;
  expect([code, stderr]).toEqual([0, '']);
});

it('a connection that is lost behind CONNECT does not end the service', async () => {
  const upstream = await started(startFakeUpstream(silence));
  const running = await start({ MAIN_MODEL_ENGINE: 'vllm', MAIN_MODEL_BASE_URL: upstream.url });
  await untilAlive(running);
  const socket = connect(Number(new URL(running.url).port), '127.0.0.1');
  socket.write('GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\nCONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n');
  await upstream.received(1);
  socket.resetAndDestroy();
  expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
  running.signal('SIGTERM');
  const { code, stdout, stderr } = await running.exited;
  expect([code, stderr]).toEqual([0, '']);
  expect(parseLog(stdout).at(-1)).toMatchObject({ msg: 'request', status: 499 });
});
