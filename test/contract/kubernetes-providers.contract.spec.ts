import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { variableNames } from '../../src/config/variables.js';
import type { ModelProvider } from '../../src/providers/model-provider.js';
import { BUILT_IN_PROVIDERS } from '../../src/providers/built-in-providers.js';
import { PROVIDER_FACTORY, ProviderRegistry } from '../../src/providers/provider.registry.js';
import type { ProviderFactory } from '../../src/providers/provider.registry.js';
import { PROVIDER_ROWS, PROVIDERS_DOCUMENT } from '../support/kubernetes-documents.js';
import type { ProviderRow } from '../support/kubernetes-documents.js';
import { secret, startGateway } from '../support/start-gateway.js';
import type { Gateway } from '../support/start-gateway.js';

/** The configuration that a pod needs for a provider. */
interface Needs {
  readonly engine: string;
  /** The setting without which the gateway asks no provider, or its own pod. */
  readonly setting: string | undefined;
  /** The first variable of the operator's key. */
  readonly key: string | undefined;
  /** The URL of the list. */
  readonly url: URL | undefined;
}

/** The only place here that knows the members of a provider. */
function needsOf({ identity: { engine }, settings }: ModelProvider): Needs {
  const { missingVariable, urlVariable, keyVariables, url } = settings ?? {};
  return {
    engine,
    setting: missingVariable ?? (isThePod(url) ? urlVariable : undefined),
    key: keyVariables?.[0],
    url,
  };
}

function isThePod(url: URL | undefined): boolean {
  return url?.hostname === 'localhost';
}

/** What is missing for the row of a provider. */
function adviceFor({ engine, setting }: Needs): string {
  return setting === undefined ||
    PROVIDER_ROWS.some((row) => row.engine === engine && setting in row.settings)
    ? `${engine}: npm run tables writes its row into ${PROVIDERS_DOCUMENT}`
    : `${engine}: add exampleSettings with ${setting} to its vendor, then npm run tables`;
}

/** Whether a row has what a provider needs; another test checks the values of its settings. */
function fits({ settings, key }: ProviderRow, needs: Needs): boolean {
  if (key !== needs.key) return false;
  if (needs.setting === undefined) return true;
  const value = settings[needs.setting] ?? '';
  // A server in the cluster has the port that it has on a developer's machine.
  return value !== '' && (!isThePod(needs.url) || portOf(value) === needs.url?.port);
}

function portOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).port : undefined;
}

describe('what a provider needs in Kubernetes', () => {
  let gateway: Gateway;
  let needs: readonly Needs[];

  beforeAll(async () => {
    gateway = await startGateway();
    const make = gateway.app.get<ProviderFactory>(PROVIDER_FACTORY);
    needs = BUILT_IN_PROVIDERS.map(({ engine }) => needsOf(make({ name: engine, kind: engine })));
  });

  afterAll(() => gateway.close());

  it('is a row of the document for every built-in provider, and for no other', () => {
    const wrong = needs
      .filter((each) => {
        const rows = PROVIDER_ROWS.filter(({ engine }) => engine === each.engine);
        return rows.length !== 1 || !rows.every((row) => fits(row, each));
      })
      .map(adviceFor);
    const known = new Set(needs.map(({ engine }) => engine));
    const unknown = PROVIDER_ROWS.filter(({ engine }) => !known.has(engine)).map(
      ({ engine }) => `${PROVIDERS_DOCUMENT} has a row for ${engine}, which is not built in: take it out`,
    );
    expect(known.size).toBeGreaterThan(0);
    expect([...wrong, ...unknown]).toEqual([]);
  });
});

describe.each(PROVIDER_ROWS.filter(({ settings }) => Object.keys(settings).length > 0))(
  'the settings that the document names for $engine',
  ({ engine, settings, key }) => {
    it('make a complete configuration of the service with the key of the Secret', async () => {
      const names = Object.keys(settings);
      expect(names.filter((name) => !variableNames().includes(name))).toEqual([]);
      const keys = key === undefined ? {} : { [key]: secret('ours') };
      const gateway = await startGateway({ MAIN_MODEL_ENGINE: engine, ...settings, ...keys });
      try {
        expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
        const needs = gateway.app.get(ProviderRegistry).configured.map(needsOf);
        expect(needs).toEqual([{ engine, setting: undefined, key, url: expect.any(URL) }]);
        // A region is part of the host's name, an account of the path.
        for (const value of Object.values(settings))
          expect(needs[0]?.url?.href).toContain(URL.canParse(value) ? new URL(value).host : value);
      } finally {
        await gateway.close();
      }
    });
  },
);
