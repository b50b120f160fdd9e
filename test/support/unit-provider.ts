import { BUILT_IN_PROVIDERS } from '../../src/providers/built-in-providers.js';
import { customProvider } from '../../src/providers/vendors/custom.provider.js';
import type { UpstreamHeaders } from '../../src/upstream/upstream-headers.js';
import type { UpstreamRequest } from '../../src/upstream/upstream-request.js';
import type { UpstreamRoute } from '../../src/upstream/upstream.route.js';
import type { LargeBodies } from '../../src/upstream/large-bodies/large-bodies.js';
import type { ModelProvider } from '../../src/providers/model-provider.js';
import type { ProviderContext } from '../../src/providers/vendor.js';

/** Answers a request with the body of a 200, or throws. */
export type Answer = (path: string, headers: Readonly<Record<string, string>>) => string;

// Without it, Cloudflare has no URL.
process.env['CLOUDFLARE_ACCOUNT_ID'] = '0123456789abcdef';

/** The way to a provider that is not there. */
const NOWHERE = { proxy: undefined, secrets: [] } as unknown as UpstreamRoute;
const NO_FILE = { variable: '', path: undefined };

const VENDORS = new Map(BUILT_IN_PROVIDERS.map((vendor) => [vendor.engine, vendor]));

/** Every built-in engine, and one that is not built in. */
export const ENGINES: readonly string[] = ['orbit', ...VENDORS.keys()];

/**
 * A provider alone, without sockets: what its vendor makes of a base URL, and of the bodies of its answers.
 * @param engine one of `ENGINES`
 */
export function unitProvider(
  engine: string,
  base = 'https://provider.test',
  answer: Answer = () => '[]',
): ModelProvider {
  const context: ProviderContext = {
    client: {
      routeTo: () => NOWHERE,
      largeBodies: { oneByOne: (_signal, read) => Promise.resolve(read()) } as LargeBodies,
      async get<T>(
        { address, headers }: UpstreamRequest,
        read: (body: Buffer, headers: UpstreamHeaders) => T | Promise<T>,
      ): Promise<T> {
        return read(Buffer.from(answer(address.path, headers)), {});
      },
    },
    config: {
      isMultiEngine: false,
      urls: new Map([['BASE_URL', base]]),
      urlVariables: () => ['BASE_URL'],
      keyVariables: () => [],
      headerVariables: () => [],
      settingVariables: (_name, variable) => [variable],
      tlsFiles: () => ({ authorities: NO_FILE, certificate: NO_FILE, key: NO_FILE }),
    },
    limits: { maxPages: 20 },
  };
  const vendor = VENDORS.get(engine);
  return vendor === undefined ? customProvider(engine, context) : new vendor.Provider(context);
}
