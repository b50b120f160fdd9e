import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { declareEngines, providerConfig } from './provider.config.js';
import { IsOneOf } from './rules/scalars.js';
import { IsKey } from './rules/secrets.js';
import { IsHost } from './rules/urls.js';
import { checkVariables, ConfigurationError, readVariables, variableNames } from './variables.js';

class OrbitalVariables {
  @IsHost()
  ORBITAL_PLACE?: string;

  @IsKey()
  ORBITAL_PASSWORD?: string;

  @IsOneOf('low', 'high')
  ORBITAL_ALTITUDE = 'low';
}

declareEngines([
  {
    engine: 'orbital',
    aliases: ['moon_base'],
    variables: OrbitalVariables,
    urlVariables: ['ORBITAL_PLACE', 'ORBITAL_WHERE', 'MAIN_MODEL_BASE_URL'],
    keyVariables: ['ORBITAL_KEY', 'ORBITAL_PASSWORD', 'MAIN_MODEL_API_KEY'],
    keyHeader: 'x-orbital-key',
  },
]);

const folder = mkdtempSync(join(tmpdir(), 'models-gateway-'));
const keyFile = join(folder, 'key');
writeFileSync(keyFile, 'sk-file\n');

afterAll(() => {
  rmSync(folder, { recursive: true });
});

afterEach(() => {
  for (const name of [...variableNames(), 'ORBITAL_UPSTREAM_HEADERS', 'MOON_BASE_API_KEY']) {
    Reflect.deleteProperty(process.env, name);
  }
});

describe('a declared engine', () => {
  it('has its keys and URLs read, whatever the names of their variables', () => {
    Object.assign(process.env, {
      ORBITAL_KEY: 'sk-a',
      ORBITAL_PASSWORD_FILE: keyFile,
      ORBITAL_WHERE: 'http://where.test',
      ORBITAL_PLACE: 'place.test',
    });
    const { keys, keyFiles, urls } = providerConfig();
    expect([...keys]).toEqual([['ORBITAL_KEY', 'sk-a']]);
    expect([...keyFiles]).toEqual([['ORBITAL_PASSWORD', keyFile]]);
    expect(new Map(urls)).toEqual(
      new Map([
        ['ORBITAL_WHERE', 'http://where.test'],
        ['ORBITAL_PLACE', 'https://place.test'],
      ]),
    );
  });

  it('has its variables read into an instance of its class', () => {
    process.env['ORBITAL_ALTITUDE'] = 'High';
    expect(readVariables(OrbitalVariables)).toMatchObject({ ORBITAL_ALTITUDE: 'high' });
  });

  it.each([
    ['ORBITAL_KEY', 'two words'],
    ['ORBITAL_PASSWORD', 'two words'],
    ['ORBITAL_WHERE', 'where.test'],
    ['ORBITAL_PLACE', 'ftp://place.test'],
    ['ORBITAL_ALTITUDE', 'middle'],
    ['UPSTREAM_HEADERS', 'X-Orbital-Key: x'],
  ])('has %s=%s refused, once', (name, value) => {
    process.env[name] = value;
    expect(problems()).toEqual([name]);
  });

  it('has its alias for a name, and no variable twice among several engines', () => {
    Object.assign(process.env, { MODEL_ENGINES: 'orbital,openai', FORWARD_AUTHORIZATION_TO: 'moon-base' });
    expect(problems()).toEqual([]);
    process.env['ORBITAL_KEY'] = 'two words';
    process.env['MOON_BASE_API_KEY'] = 'two words';
    expect(problems().sort()).toEqual(['MOON_BASE_API_KEY', 'ORBITAL_KEY']);
    process.env['MODEL_ENGINES'] = 'orbital,moon_base';
    expect(problems()).toContain('MODEL_ENGINES');
  });
});

/** The variables that break their rules. */
function problems(): string[] {
  try {
    checkVariables();
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.map(({ variable }) => variable);
    throw error;
  }
}
