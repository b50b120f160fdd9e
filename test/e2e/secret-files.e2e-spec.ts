import { beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { errorOf, idsOf } from '../support/answers.js';
import { json, startFakeUpstream } from '../support/fake-upstream.js';
import type { Script } from '../support/fake-upstream.js';
import { logLines } from '../support/log-lines.js';
import { started, startScenario } from '../support/scenario.js';
import type { Scenario } from '../support/scenario.js';
import { secret, startGateway } from '../support/start-gateway.js';
import type { Gateway } from '../support/start-gateway.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const ONE = secret('one');
const TWO = secret('two');
const NEW_KEY = 'A new value was read from VLLM_API_KEY_FILE';

const folder = temporaryFolder();
const path = join(folder, 'key');

beforeEach(() => writeFile(path, `${ONE}\n`));

/** A vLLM that answers with the key it received. */
function startWithFile(env: Record<string, string> = {}): Promise<Scenario> {
  return startScenario(
    (request, response) => {
      json({ data: [{ id: nameOf(request) }] })(request, response);
    },
    { VLLM_API_KEY_FILE: path, KEY_FILE_INTERVAL_MS: '100', ...env },
  );
}

/** The name of a key in these tests. */
function nameOf({ headers }: IncomingMessage): string {
  return headers.authorization?.split('-').at(-1) ?? 'none';
}

function logged(gateway: Gateway, message: string): Promise<boolean> {
  return until(`"${message}" is logged`, () => logLines(gateway).some(({ msg }) => msg === message));
}

/** Imitates a Secret that Kubernetes has mounted: the key is behind two symbolic links. */
async function mount(version: string, key: string): Promise<string> {
  await mkdir(join(folder, version));
  await writeFile(join(folder, version, 'secret'), key);
  await symlink(version, join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  return join(folder, 'secret');
}

describe('a key in a file', () => {
  it('is sent to the provider, and the start line names its variable', async () => {
    const { ask, gateway } = await startWithFile({ OPENAI_API_KEY: secret('fallback') });
    expect(await idsOf(await ask())).toEqual(['one']);
    const start = logLines(gateway).find(({ msg }) => String(msg).startsWith('models-gateway '));
    expect(start?.['msg']).toMatch(/, key from VLLM_API_KEY_FILE$/);
  });

  it('gives way to the caller’s key', async () => {
    const { ask } = await startWithFile();
    expect(await idsOf(await ask('/v1/models', { headers: { 'x-api-key': secret('caller') } }))).toEqual([
      'caller',
    ]);
  });

  it('is replaced when the file is rewritten', async () => {
    const { ask, gateway } = await startWithFile();
    expect(await idsOf(await ask())).toEqual(['one']);
    await writeFile(path, TWO);
    await logged(gateway, NEW_KEY);
    expect(await idsOf(await ask())).toEqual(['two']);
  });

  it('is replaced when Kubernetes replaces the links to a Secret', async () => {
    const link = await mount('..2026_01', ONE);
    await symlink(join('..data', 'secret'), link);
    const { ask, gateway } = await startWithFile({ VLLM_API_KEY_FILE: link });
    expect(await idsOf(await ask())).toEqual(['one']);
    await mount('..2026_02', TWO);
    await rm(join(folder, '..2026_01'), { recursive: true });
    await logged(gateway, NEW_KEY);
    expect(await idsOf(await ask())).toEqual(['two']);
  });

  it('is not read at a request', async () => {
    const { ask } = await startWithFile({ KEY_FILE_INTERVAL_MS: '3600000' });
    await writeFile(path, TWO);
    expect(await idsOf(await ask())).toEqual(['one']);
  });

  it('is not served lists that were cached for the old key', async () => {
    const { ask, gateway } = await startWithFile({ CACHE_TTL_SECONDS: '3600' });
    expect(await idsOf(await ask())).toEqual(['one']);
    expect(await idsOf(await ask())).toEqual(['one']);
    await writeFile(path, TWO);
    await logged(gateway, NEW_KEY);
    expect(await idsOf(await ask())).toEqual(['two']);
  });

  it('stays in use when the file is removed', async () => {
    const { ask, gateway } = await startWithFile();
    await rm(path);
    await logged(
      gateway,
      'VLLM_API_KEY_FILE must be the path of a readable file that holds one line of visible ASCII characters ' +
        'without spaces: the last valid value stays in use',
    );
    expect(await idsOf(await ask())).toEqual(['one']);
  });

  it('is redacted in the provider’s errors, and the log names its variable, after a rotation too', async () => {
    const { ask, gateway, upstream } = await startWithFile();
    await writeFile(path, TWO);
    await logged(gateway, NEW_KEY);
    upstream.answer((request, response) => {
      const key = request.headers.authorization?.slice('Bearer '.length) ?? '';
      json({ error: { message: `no ${key}`, type: 'x', code: `bad-${key}`, param: null } }, 401)(
        request,
        response,
      );
    });
    const response = await ask();
    const { message, code } = await errorOf(response);
    expect([response.status, message]).toEqual([401, 'The provider answered 401.']);
    expect(JSON.stringify(code)).not.toContain('SECRET0');
    const hint = await until('it is logged', () =>
      logLines(gateway).find(({ msg }) => String(msg).includes(' answered 401 ')),
    );
    expect(hint['msg']).toContain('the key from VLLM_API_KEY_FILE:');
  });
});

describe('headers in a file', () => {
  /** The provider answers with the header that it received. */
  const echo: Script = (request, response) => {
    const id = String(request.headers['orbit-key']).split('-').at(-1);
    json({ data: [{ id }] })(request, response);
  };

  function startWithHeaders(): Promise<Scenario> {
    return startScenario(echo, {
      UPSTREAM_HEADERS_FILE: path,
      KEY_FILE_INTERVAL_MS: '100',
      CACHE_TTL_SECONDS: '3600',
    });
  }

  beforeEach(() => writeFile(path, `Orbit-Key: ${ONE}\n`));

  it('are replaced when the file is rewritten, and lists for the old ones are not served', async () => {
    const { ask, gateway, upstream } = await startWithHeaders();
    expect(await idsOf(await ask())).toEqual(['one']);
    expect(await idsOf(await ask())).toEqual(['one']);
    expect(upstream.requests).toHaveLength(1);
    await writeFile(path, JSON.stringify({ 'Orbit-Key': TWO }));
    await logged(gateway, 'A new value was read from UPSTREAM_HEADERS_FILE');
    expect(await idsOf(await ask())).toEqual(['two']);
  });

  it('stay in use while the file is invalid, and its text is not shown', async () => {
    const { ask, gateway } = await startWithHeaders();
    await writeFile(path, `Authorization: ${TWO}`);
    await until('it is logged', () =>
      logLines(gateway).some(({ msg }) => String(msg).startsWith('UPSTREAM_HEADERS_FILE must be ')),
    );
    expect(await idsOf(await ask())).toEqual(['one']);
  });

  it('are redacted in the provider’s errors, after a rotation too', async () => {
    const { ask, gateway, upstream } = await startWithHeaders();
    await writeFile(path, `Orbit-Key: ${TWO}`);
    await logged(gateway, 'A new value was read from UPSTREAM_HEADERS_FILE');
    upstream.answer((request, response) => {
      const id = String(request.headers['orbit-key']);
      json({ error: { message: `no ${id}` } }, 403, { 'x-request-id': id })(request, response);
    });
    const answer = await ask();
    expect((await errorOf(answer)).message).toBe('The provider answered 403.');
    expect(answer.headers.get('x-upstream-request-id')).toBe('[redacted]');
  });

  it('belong to one engine of several', async () => {
    const { url } = await started(startFakeUpstream(echo));
    const gateway = await started(
      startGateway({
        MODEL_ENGINES: 'lab,openai',
        LAB_BASE_URL: url,
        LAB_UPSTREAM_HEADERS_FILE: path,
        OPENAI_BASE_URL: url,
      }),
    );
    expect(await idsOf(await fetch(`${gateway.url}/v1/models`))).toEqual(['one', 'undefined']);
  });
});

it('a file without a key stops the start', async () => {
  await writeFile(path, '');
  await expect(started(startGateway({ OPENAI_API_KEY_FILE: path }))).rejects.toThrow(
    'OPENAI_API_KEY_FILE must be the path of a readable file',
  );
});
