import { Inject, Injectable, Optional } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { removeCredentials } from '../../credentials/caller-credential.js';
import { GatewayKeys } from '../../credentials/gateway-keys.js';
import type { KeyRefusal } from '../../credentials/gateway-keys.js';
import { OpenAiException } from '../../errors/openai.exception.js';
import { METRICS } from '../../metrics/metrics.js';
import type { Metrics } from '../../metrics/metrics.js';

const MESSAGES: Readonly<Record<KeyRefusal, string>> = {
  missing: 'This service needs an API key, in the header Authorization: Bearer, x-api-key or api-key.',
  unknown: 'The API key is not known to this service.',
};

/**
 * Lets callers with a key of `GATEWAY_API_KEYS` in, as callers without a credential of their own.
 * @throws OpenAiException 401
 */
@Injectable()
export class GatewayKeyGuard implements CanActivate {
  constructor(
    private readonly keys: GatewayKeys,
    @Optional() @Inject(METRICS) private readonly metrics?: Metrics,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (!this.keys.isRequired) return true;
    const http = context.switchToHttp();
    const { headers } = http.getRequest<FastifyRequest>();
    const refusal = this.keys.refusalOf(headers);
    if (refusal !== undefined) {
      this.metrics?.keyRefused(refusal);
      void http.getResponse<FastifyReply>().header('www-authenticate', 'Bearer');
      throw new OpenAiException(401, MESSAGES[refusal], { code: 'invalid_api_key' });
    }
    removeCredentials(headers);
    return true;
  }
}
