import { BUILT_IN_PROVIDERS } from '../../src/providers/built-in-providers.js';
import { Cancellation } from '../../src/concurrency/cancellation.js';
import { keyCredential } from '../../src/credentials/credential.js';
import { NO_HEADERS } from '../../src/credentials/operator-headers.js';
import { customProvider } from '../../src/providers/vendors/custom.provider.js';
import { UpstreamError } from '../../src/upstream/upstream.error.js';
import { scanBody } from '../../src/upstream/large-bodies/scan-body.js';
import type { UpstreamHeaders } from '../../src/upstream/upstream-headers.js';
import type { UpstreamRequest } from '../../src/upstream/upstream-request.js';
import type { UpstreamRoute } from '../../src/upstream/upstream.route.js';
import type { LargeBodies } from '../../src/upstream/large-bodies/large-bodies.js';
import type { ModelProvider, ModelsRequest } from '../../src/providers/model-provider.js';
import type { ProviderContext } from '../../src/providers/vendor.js';

/**
 * Answers a request with the body of a 200, or throws.
 * @param origin scheme, host and port
 */
export type Answer = (path: string, headers: Readonly<Record<string, string>>, origin: string) => string;

/** A request for a list. */
export const UNIT_REQUEST: ModelsRequest = {
  credential: keyCredential('sk-caller'),
  operatorHeaders: NO_HEADERS,
  forwardedHeaders: {},
  signal: new Cancellation(),
  trace: undefined,
};

/** The account of Cloudflare, which has no URL without one. */
export const UNIT_ACCOUNT = '0123456789abcdef';
process.env['CLOUDFLARE_ACCOUNT_ID'] = UNIT_ACCOUNT;

/** The way to a provider that is not there. */
const NOWHERE = { proxy: undefined, secrets: [] } as unknown as UpstreamRoute;
/** Reads large bodies at once, in this thread. */
const LARGE_BODIES = {
  oneByOne: (_signal, read) => Promise.resolve(read()),
  inTurn: (_signal, read) => read(),
  scan: (bytes) =>
    Promise.resolve()
      .then(() => ({ scanned: scanBody(bytes), bytes }))
      .catch(() => {
        throw new UpstreamError('invalid', 'The body cannot be read as a list.');
      }),
} as LargeBodies;
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
      largeBodies: LARGE_BODIES,
      async get<T>(
        { address, headers }: UpstreamRequest,
        read: (body: Buffer, headers: UpstreamHeaders) => T | Promise<T>,
      ): Promise<T> {
        return read(Buffer.from(answer(address.path, headers, address.origin)), {});
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
