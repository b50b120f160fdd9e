import { afterEach, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/support/temporary-folder.js';
import { declareEngines, variablesOfGateway } from './engine-variables.js';
import { providerConfig } from './provider.config.js';
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

const folder = temporaryFolder();
const keyFile = join(folder, 'key');
writeFileSync(keyFile, 'sk-file\n');

const given = new Set<string>();

afterEach(() => {
  for (const name of [...variableNames(), ...given, 'ORBITAL_UPSTREAM_HEADERS', 'MOON_BASE_API_KEY']) {
    Reflect.deleteProperty(process.env, name);
  }
});

describe('a declared engine', () => {
  it('has its keys and URLs read, with any names of their variables', () => {
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

  it('may be named by its alias, and declares no variable twice', () => {
    Object.assign(process.env, { MODEL_ENGINES: 'orbital,openai', FORWARD_AUTHORIZATION_TO: 'moon-base' });
    expect(problems()).toEqual([]);
    process.env['ORBITAL_KEY'] = 'two words';
    process.env['MOON_BASE_API_KEY'] = 'two words';
    expect(problems().sort()).toEqual(['MOON_BASE_API_KEY', 'ORBITAL_KEY']);
    process.env['MODEL_ENGINES'] = 'orbital,moon_base';
    expect(problems()).toContain('MODEL_ENGINES');
  });
});

describe('several engines of one kind', () => {
  const DECLARED = ['ORBITAL_KEY', 'ORBITAL_PASSWORD', 'MAIN_MODEL_API_KEY'];
  const URLS = ['ORBITAL_PLACE', 'ORBITAL_WHERE', 'MAIN_MODEL_BASE_URL'];

  it('have variables by name, and those of the vendor belong to the one that is named like it', () => {
    setEnvironment({
      MODEL_ENGINES: 'north,orbital,south',
      NORTH_ENGINE: 'Moon-Base',
      SOUTH_ENGINE: 'orbital',
    });
    const { engines, keyVariables, urlVariables, settingVariables, headerVariables } = providerConfig();
    expect(engines.map(({ name, kind }) => [name, kind])).toEqual([
      ['north', 'orbital'],
      ['orbital', 'orbital'],
      ['south', 'orbital'],
    ]);
    expect(keyVariables('north', DECLARED)).toEqual(['NORTH_API_KEY']);
    expect(keyVariables('orbital', DECLARED)).toEqual([
      'ORBITAL_KEY',
      'ORBITAL_PASSWORD',
      'ORBITAL_API_KEY',
      'MOON_BASE_API_KEY',
    ]);
    expect(urlVariables('south', URLS)).toEqual(['SOUTH_BASE_URL', 'SOUTH_PLACE', 'SOUTH_WHERE']);
    expect(settingVariables('south', 'ORBITAL_ALTITUDE')).toEqual(['SOUTH_ALTITUDE']);
    expect(settingVariables('orbital', 'ORBITAL_ALTITUDE')).toEqual([
      'ORBITAL_ALTITUDE',
      'MOON_BASE_ALTITUDE',
    ]);
    expect(headerVariables('north')).toEqual(['NORTH_UPSTREAM_HEADERS']);
  });

  it('have the settings of the vendor, with its rules', () => {
    setEnvironment({
      MODEL_ENGINES: 'north,south',
      NORTH_ENGINE: 'orbital',
      NORTH_ALTITUDE: 'HIGH',
      NORTH_PLACE: 'north.test',
      NORTH_WHERE: 'http://where.test',
      ORBITAL_ALTITUDE: 'low',
    });
    const { settingVariables, urls } = providerConfig();
    const read = (name: string): unknown =>
      readVariables(OrbitalVariables, (variable) => settingVariables(name, variable));
    expect(read('north')).toMatchObject({ ORBITAL_ALTITUDE: 'high', ORBITAL_PLACE: 'https://north.test' });
    expect(urls.get('NORTH_PLACE')).toBe('https://north.test');
    expect(urls.get('NORTH_WHERE')).toBe('http://where.test');
    setEnvironment({ NORTH_ALTITUDE: 'middle', NORTH_PLACE: 'ftp://x', NORTH_WHERE: 'x' });
    expect(problems().sort()).toEqual(['NORTH_ALTITUDE', 'NORTH_PLACE', 'NORTH_WHERE']);
    // A name of one's own has no such settings.
    setEnvironment({ NORTH_ENGINE: '', NORTH_ALTITUDE: 'middle', NORTH_PLACE: '', NORTH_WHERE: '' });
    expect(problems()).toEqual([]);
  });

  it('may have both names of the vendor: the first has its variables', () => {
    setEnvironment({ MODEL_ENGINES: 'moon-base,orbital', ORBITAL_ENGINE: 'orbital' });
    const { keyVariables, settingVariables, urlVariables } = providerConfig();
    expect(keyVariables('moon_base', DECLARED)).toEqual([
      'ORBITAL_KEY',
      'ORBITAL_PASSWORD',
      'MOON_BASE_API_KEY',
    ]);
    expect(keyVariables('orbital', DECLARED)).toEqual(['ORBITAL_API_KEY']);
    expect(settingVariables('moon_base', 'ORBITAL_ALTITUDE')).toEqual([
      'ORBITAL_ALTITUDE',
      'MOON_BASE_ALTITUDE',
    ]);
    expect(settingVariables('orbital', 'ORBITAL_ALTITUDE')).toEqual([]);
    expect(urlVariables('orbital', URLS)).toEqual(['ORBITAL_BASE_URL']);
  });

  it('that share a name of the vendor need a kind', () => {
    setEnvironment({ MODEL_ENGINES: 'orbital,moon_base' });
    expect(refusal()).toContain(
      'MODEL_ENGINES must not name both orbital and moon_base, which are one engine; MOON_BASE_ENGINE=orbital makes them two accounts',
    );
    setEnvironment({ MOON_BASE_ENGINE: 'orbital' });
    expect(problems()).toEqual([]);
  });

  it('a single one has no variable of the vendor, but those of the only engine', () => {
    setEnvironment({ MODEL_ENGINES: 'north', NORTH_ENGINE: 'orbital' });
    const { keyVariables, urlVariables } = providerConfig();
    expect(keyVariables('north', DECLARED)).toEqual(['NORTH_API_KEY', 'MAIN_MODEL_API_KEY']);
    expect(urlVariables('north', URLS)).toEqual([
      'NORTH_BASE_URL',
      'NORTH_PLACE',
      'NORTH_WHERE',
      'MAIN_MODEL_BASE_URL',
    ]);
  });

  it.each([
    [
      'NORTH_ENGINE',
      'orbitall',
      /NORTH_ENGINE must be one of .*orbital, moon_base.*; without it north is an OpenAI-/,
    ],
    [
      'ORBITAL_ENGINE',
      'openai',
      /ORBITAL_ENGINE must be one of orbital, moon_base; without it orbital is that/,
    ],
  ])('%s=%s is refused', (variable, kind, message) => {
    setEnvironment({ MODEL_ENGINES: 'north,orbital', [variable]: kind });
    expect(problems()).toEqual([variable]);
    expect(refusal()).toMatch(message);
  });

  it('have no kind where MAIN_MODEL_ENGINE names the only one', () => {
    setEnvironment({ MAIN_MODEL_ENGINE: 'north', NORTH_ENGINE: 'nothing', NORTH_ALTITUDE: 'middle' });
    expect(providerConfig().engines).toEqual([{ name: 'north', kind: undefined }]);
  });
});

describe('a name with which variables of the gateway begin', () => {
  // Those of the engines are no such variables.
  const ofGateway = variablesOfGateway();
  const prefixes = ofGateway.flatMap((variable) =>
    [...variable.matchAll(/_/g)].map(({ index }) => variable.slice(0, index).toLowerCase()),
  );

  it.each([...new Set([...prefixes, 'main_model', 'models', 'upstream'])])('is refused: %s', (name) => {
    setEnvironment({ MODEL_ENGINES: `north,${name}` });
    const variable = ofGateway.find((each) => each.startsWith(`${name.toUpperCase()}_`));
    expect(problems()).toEqual(['MODEL_ENGINES']);
    expect(refusal()).toContain(
      `MODEL_ENGINES must not hold a name with which variables of the gateway itself begin: ${String(variable)} is one`,
    );
  });

  it('may continue theirs, and be that of a vendor', () => {
    setEnvironment({ MODEL_ENGINES: 'upstream2,models_eu,orbital' });
    expect(problems()).toEqual([]);
  });
});

/** Sets variables until the end of the test. */
function setEnvironment(variables: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(variables)) given.add(name);
  Object.assign(process.env, variables);
}

function refusal(): string {
  try {
    checkVariables();
    return '';
  } catch (error) {
    return String(error);
  }
}

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
