import type { ConfigType } from '@nestjs/config';
import { IsBooleanText, IsWholeNumber } from './rules/scalars.js';
import { registerVariables } from './variables.js';

class UpstreamVariables {
  @IsWholeNumber(1, 600_000)
  UPSTREAM_TIMEOUT_MS = 4500;

  @IsWholeNumber(0, 10)
  UPSTREAM_MAX_RETRIES = 1;

  @IsWholeNumber(1, 1_073_741_824)
  UPSTREAM_MAX_RESPONSE_BYTES = 10_485_760;

  @IsWholeNumber(1, 65_535)
  UPSTREAM_MAX_CONNECTIONS = 64;

  @IsWholeNumber(100, 86_400_000)
  UPSTREAM_CONNECTION_TTL_MS = 60_000;

  @IsWholeNumber(0, 1_000_000)
  UPSTREAM_MAX_PENDING = 1024;

  @IsWholeNumber(1, 100_000)
  UPSTREAM_MAX_PAGES = 100;

  @IsBooleanText()
  COALESCE = true;
}

/** The limits of a request to a provider. */
export const upstreamConfig = registerVariables('upstream', UpstreamVariables, (variables) => ({
  timeoutMs: variables.UPSTREAM_TIMEOUT_MS,
  maxRetries: variables.UPSTREAM_MAX_RETRIES,
  maxResponseBytes: variables.UPSTREAM_MAX_RESPONSE_BYTES,
  maxConnections: variables.UPSTREAM_MAX_CONNECTIONS,
  connectionTtlMs: variables.UPSTREAM_CONNECTION_TTL_MS,
  maxPending: variables.UPSTREAM_MAX_PENDING,
  maxPages: variables.UPSTREAM_MAX_PAGES,
  coalesce: variables.COALESCE,
}));
export type UpstreamConfig = ConfigType<typeof upstreamConfig>;
