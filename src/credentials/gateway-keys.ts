import { Inject, Injectable } from '@nestjs/common';
import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { gatewayConfig } from '../config/gateway.config.js';
import type { GatewayConfig } from '../config/gateway.config.js';
import { providerConfig } from '../config/provider.config.js';
import type { ProviderConfig } from '../config/provider.config.js';
import { GATEWAY_KEYS_FORM } from '../config/rules/gateway-keys.js';
import { callerCredentials } from './caller-credential.js';
import { SecretFiles } from './secret-files.js';
import type { Secret } from './secret.js';

/** Why a request is refused: it has no key, or none of the gateway's. */
export type KeyRefusal = 'missing' | 'unknown';

/** Callers need one of these keys. */
@Injectable()
export class GatewayKeys {
  /** SHA-256 of each: equally long, so that a comparison tells nothing of a key. Undefined where callers need none. */
  private readonly digests: Secret<readonly Buffer[]> | undefined;
  private readonly placeholders: ReadonlySet<string>;

  /** @throws ConfigurationError when the file holds no valid keys */
  constructor(
    @Inject(gatewayConfig.KEY) { apiKeys, apiKeysFile }: GatewayConfig,
    @Inject(providerConfig.KEY) { placeholderApiKeys }: Pick<ProviderConfig, 'placeholderApiKeys'>,
    files: SecretFiles,
  ) {
    this.placeholders = placeholderApiKeys;
    if (apiKeys !== undefined) this.digests = { current: apiKeys.map(digest) };
    if (apiKeysFile !== undefined) {
      this.digests = files.open('GATEWAY_API_KEYS_FILE', apiKeysFile, {
        description: GATEWAY_KEYS_FORM.description,
        parse: (text) => GATEWAY_KEYS_FORM.parse(text)?.map(digest),
      });
    }
  }

  /** Whether callers need a key. */
  get isRequired(): boolean {
    return this.digests !== undefined;
  }

  /** Why a request must be refused; undefined where one of its keys is known, or where callers need none. */
  refusalOf(headers: IncomingHttpHeaders): KeyRefusal | undefined {
    if (this.digests === undefined) return undefined;
    const presented = callerCredentials(headers, this.placeholders);
    if (presented.length === 0) return 'missing';
    const known = this.digests.current;
    return presented.some(({ token }) => token !== undefined && isOneOf(known, token))
      ? undefined
      : 'unknown';
  }
}

/** Compares with each key, so that the time does not tell which one is equal. */
function isOneOf(known: readonly Buffer[], key: string): boolean {
  const presented = digest(key);
  let equal = 0;
  for (const each of known) equal += Number(timingSafeEqual(each, presented));
  return equal > 0;
}

function digest(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}
