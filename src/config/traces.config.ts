import type { ConfigType } from '@nestjs/config';
import { IsBooleanText, IsText } from './rules/scalars.js';
import { IsHttpUrl } from './rules/urls.js';
import { registerVariables } from './variables.js';

/** OpenTelemetry's SDK reads these and other OTEL_* variables by itself. */
class TracesVariables {
  @IsHttpUrl()
  OTEL_EXPORTER_OTLP_ENDPOINT?: string;

  @IsHttpUrl()
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?: string;

  @IsText(/^.{1,255}$/, 'at most 255 characters')
  OTEL_SERVICE_NAME = 'models-gateway';

  @IsBooleanText()
  OTEL_SDK_DISABLED = false;
}

/** Whether requests are traced. */
export const tracesConfig = registerVariables('traces', TracesVariables, (variables) => ({
  enabled:
    !variables.OTEL_SDK_DISABLED &&
    (variables.OTEL_EXPORTER_OTLP_ENDPOINT ?? variables.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) !== undefined,
  /** Used only when no variable of OpenTelemetry names the service. */
  serviceName: variables.OTEL_SERVICE_NAME,
}));
export type TracesConfig = ConfigType<typeof tracesConfig>;
