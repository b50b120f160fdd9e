import type { ConfigType } from '@nestjs/config';
import { IsGatewayKeys } from './rules/gateway-keys.js';
import { registerVariables } from './variables.js';

class GatewayVariables {
  @IsGatewayKeys()
  GATEWAY_API_KEYS?: readonly string[];

  /** Declared by `IsGatewayKeys`. */
  GATEWAY_API_KEYS_FILE?: string;
}

/** Who may ask this service. */
export const gatewayConfig = registerVariables('gateway', GatewayVariables, (variables) => ({
  /** Callers need one of these keys. Undefined where they need none, or where a file has the keys. */
  apiKeys: variables.GATEWAY_API_KEYS,
  /** The path of a file with such keys. */
  apiKeysFile: variables.GATEWAY_API_KEYS_FILE,
}));
export type GatewayConfig = ConfigType<typeof gatewayConfig>;
