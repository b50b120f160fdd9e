import type { ConfigType } from '@nestjs/config';
import { IsNetworks } from './rules/networks.js';
import type { Network } from './rules/networks.js';
import { IsOneOf, IsOtherPortThan, IsBooleanText, IsText, IsWholeNumber } from './rules/scalars.js';
import { IsBasePath, IsOrigins } from './rules/urls.js';
import { registerVariables } from './variables.js';

class ServerVariables {
  @IsWholeNumber(0, 65_535)
  PORT = 8000;

  @IsText(/^[\w.:%-]+$/, 'an IP address or a host name')
  HOST?: string;

  @IsOneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent')
  LOG_LEVEL = 'info';

  @IsBooleanText()
  LOG_CLIENT_ADDRESS = false;

  @IsNetworks()
  TRUSTED_PROXIES: Network[] = [];

  @IsWholeNumber(0, 600_000)
  SHUTDOWN_DELAY_MS = 0;

  @IsBooleanText()
  METRICS_ENABLED = true;

  @IsWholeNumber(0, 65_535)
  @IsOtherPortThan('PORT')
  METRICS_PORT = 0;

  @IsBooleanText()
  DOCS_ENABLED = true;

  @IsBooleanText()
  PAGE_ENABLED = true;

  @IsBasePath()
  BASE_PATH = '';

  @IsOrigins()
  CORS_ORIGINS: string[] = [];
}

/** Address, log, shutdown, metrics, documentation, catalogue page, base path and CORS. */
export const serverConfig = registerVariables('server', ServerVariables, (variables) => ({
  port: variables.PORT,
  /** Undefined for all addresses of this machine. */
  host: variables.HOST,
  logLevel: variables.LOG_LEVEL,
  /** Whether a terminal gets readable log lines. */
  readableLog: process.env['NODE_ENV'] !== 'production',
  logsClientAddress: variables.LOG_CLIENT_ADDRESS,
  /** Proxies whose word on a client's address is believed. */
  trustedProxies: variables.TRUSTED_PROXIES,
  shutdownDelayMs: variables.SHUTDOWN_DELAY_MS,
  metricsEnabled: variables.METRICS_ENABLED,
  /** Undefined when metrics are served on the port of the service. */
  metricsPort: variables.METRICS_PORT || undefined,
  docsEnabled: variables.DOCS_ENABLED,
  pageEnabled: variables.PAGE_ENABLED,
  /** Without a slash at its end; empty for none. */
  basePath: variables.BASE_PATH,
  /** As browsers write them; `*` means all. */
  corsOrigins: new Set(variables.CORS_ORIGINS),
}));
export type ServerConfig = ConfigType<typeof serverConfig>;
