import { describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/support/temporary-folder.js';
import type { Credential } from './credential.js';
import { OperatorCredentials } from './operator-credentials.js';
import { SecretFiles } from './secret-files.js';

const folder = temporaryFolder();

function fileWith(content: string): string {
  const path = join(folder, content.replaceAll(/\W/g, '_'));
  writeFileSync(path, content);
  return path;
}

describe('OperatorCredentials', () => {
  const credentials = new OperatorCredentials(
    {
      keys: new Map([
        ['OPENAI_API_KEY', 'sk-plain'],
        ['NVIDIA_API_KEY', 'sk-nvidia'],
      ]),
      keyFiles: new Map([['VLLM_API_KEY', fileWith('sk-one')]]),
      headers: new Map([['UPSTREAM_HEADERS', { 'orbit-key': 'Token t', 'x-region': 'eu' }]]),
      headerFiles: new Map([['VLLM_UPSTREAM_HEADERS', fileWith('Orbit-Key: from-file')]]),
    },
    new SecretFiles({ keyFileIntervalMs: 100 }),
  );

  it('returns the first key that is set, directly or by a file', () => {
    const keyOf = (...keyVariables: string[]): Credential | undefined =>
      credentials.key(keyVariables)?.current;
    expect(keyOf('VLLM_API_KEY', 'OPENAI_API_KEY')).toEqual({
      variable: 'VLLM_API_KEY_FILE',
      authorization: 'Bearer sk-one',
      token: 'sk-one',
    });
    expect(keyOf('OPENAI_API_KEY', 'VLLM_API_KEY')?.variable).toBe('OPENAI_API_KEY');
    expect(keyOf('NVIDIA_API_KEY', 'VLLM_API_KEY')?.token).toBe('sk-nvidia');
    expect(keyOf('COHERE_API_KEY')).toBeUndefined();
  });

  it.each([
    [['VLLM_UPSTREAM_HEADERS', 'UPSTREAM_HEADERS'], { 'orbit-key': 'from-file' }, ['from-file']],
    [
      ['OPENAI_UPSTREAM_HEADERS', 'UPSTREAM_HEADERS'],
      { 'orbit-key': 'Token t', 'x-region': 'eu' },
      ['Token t'],
    ],
    [[], {}, []],
  ])('returns the headers of %j and their secrets', (variables, headers, secrets) => {
    const { current } = credentials.headersOf(variables);
    expect(current.headers).toEqual(headers);
    expect(current.secrets.map(({ authorization }) => authorization)).toEqual(secrets);
  });
});
