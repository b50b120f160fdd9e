import type { ConfigType } from '@nestjs/config';
import { IsSwitch, IsWholeNumber } from './rules.js';
import { registerVariables } from './variables.js';

class MetricsVariables {
  @IsSwitch()
  METRICS_ENABLED = true;

  @IsWholeNumber(0, 65_535)
  METRICS_PORT = 0;
}

/** Whether metrics are collected, and where they are served. */
export const metricsConfig = registerVariables('metrics', MetricsVariables, (variables) => ({
  enabled: variables.METRICS_ENABLED,
  /** Undefined for the port of the service. */
  port: variables.METRICS_PORT || undefined,
}));
export type MetricsConfig = ConfigType<typeof metricsConfig>;
