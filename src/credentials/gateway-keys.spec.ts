import { beforeEach, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/support/temporary-folder.js';
import type { GatewayConfig } from '../config/gateway.config.js';
import { ConfigurationError } from '../config/variables.js';
import { GatewayKeys } from './gateway-keys.js';
import { SecretFiles } from './secret-files.js';

const ONE = 'gateway-key-number-one';
const TWO = 'gateway-key-number-two';
const folder = temporaryFolder();

function keysOf(config: Partial<GatewayConfig>): GatewayKeys {
  const none = { apiKeys: undefined, apiKeysFile: undefined };
  const placeholders = { placeholderApiKeys: new Set(['not-used']) };
  return new GatewayKeys({ ...none, ...config }, placeholders, new SecretFiles({ keyFileIntervalMs: 100 }));
}

function fileWith(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

it('without keys, callers need none', () => {
  const keys = keysOf({});
  expect([keys.isRequired, keys.refusalOf({}), keys.refusalOf({ 'x-api-key': 'sk-a' })]).toEqual([
    false,
    undefined,
    undefined,
  ]);
});

describe.each<[string, () => Partial<GatewayConfig>]>([
  ['from the variable', () => ({ apiKeys: [ONE, TWO] })],
  ['from a file', () => ({ apiKeysFile: fileWith('keys', `${ONE}\n${TWO}\n`) })],
])('keys %s', (_name, config) => {
  let keys: GatewayKeys;

  beforeEach(() => {
    keys = keysOf(config());
  });

  it('are required', () => {
    expect(keys.isRequired).toBe(true);
  });

  it.each<[string, IncomingHttpHeaders, 'missing' | 'unknown' | undefined]>([
    ['no header', {}, 'missing'],
    ['a placeholder', { authorization: 'Bearer not-used' }, 'missing'],
    ['the first key', { authorization: `Bearer ${ONE}` }, undefined],
    ['the second key', { authorization: `bearer ${TWO}` }, undefined],
    ['a key as x-api-key', { 'x-api-key': ONE }, undefined],
    ['a key as api-key', { 'api-key': TWO }, undefined],
    ['a key beside that of a provider', { authorization: 'Bearer sk-a', 'x-api-key': ONE }, undefined],
    ['the key of a provider', { authorization: 'Bearer sk-a', 'api-key': 'sk-b' }, 'unknown'],
    ['a key in another case', { 'x-api-key': ONE.toUpperCase() }, 'unknown'],
    ['a part of a key', { 'x-api-key': ONE.slice(0, -1) }, 'unknown'],
    ['a key without a scheme', { authorization: ONE }, 'unknown'],
    ['a key of another scheme', { authorization: `Basic ${ONE}` }, 'unknown'],
  ])('%s', (_header, headers, refusal) => {
    expect(keys.refusalOf(headers)).toBe(refusal);
  });
});

it('a file without keys is an error that names the variable and not the text', () => {
  const open = (): GatewayKeys => keysOf({ apiKeysFile: fileWith('short', 'SHORT') });
  expect(open).toThrow(ConfigurationError);
  expect(open).toThrow(/GATEWAY_API_KEYS_FILE must be .* keys of at least 16 visible ASCII characters/);
  expect(open).not.toThrow('SHORT');
});
