import { Injectable, Logger } from '@nestjs/common';
import type { Credential } from '../credentials/credential.js';
import type { UpstreamError } from '../upstream/upstream.error.js';
import type { ModelProvider } from './model-provider.js';

/** Tells the operator once when the provider begins to fail, in which way and what to check, and when it is over. */
@Injectable()
export class ProviderStatus {
  private readonly logger = new Logger('ProviderStatus');
  /** The failure that was last reported, by what it concerns. */
  private readonly reported = new Map<string, string>();

  /** The provider has answered with its list. */
  succeeded(provider: ModelProvider, credential: Credential | undefined): void {
    if (this.reported.size === 0) return;
    this.recovered(provider.engine);
    if (credential?.variable !== undefined) this.recovered(credential.variable);
  }

  /** The provider has not answered with its list. */
  failed(provider: ModelProvider, error: UpstreamError): void {
    const { engine, url } = provider;
    const host = url?.host ?? 'no host';
    const { status, credential } = error.details;
    if (error.failure === 'cancelled' || error.failure === 'not_configured') return;
    if (error.failure !== 'rejected') {
      this.report(
        engine,
        `${error.failure}${String(status)}`,
        `${error.message} Check that ${engine} at ${host} is up and that ${whereabouts(provider)} is right${
          error.failure === 'timeout' ? ', or raise UPSTREAM_TIMEOUT_MS' : ''
        }.`,
      );
      return;
    }
    this.recovered(engine);
    // A caller's own credential is the caller's business: the line of the request shows the status.
    if (credential?.variable === undefined) return;
    this.report(
      credential.variable,
      String(status),
      `${host} answered ${String(status)} to the key from ${credential.variable}. ${advice(status, provider, host)}`,
    );
  }

  private report(subject: string, failure: string, message: string): void {
    if (this.reported.get(subject) === failure) return;
    this.reported.set(subject, failure);
    this.logger.warn(message);
  }

  private recovered(subject: string): void {
    if (this.reported.delete(subject)) this.logger.log(`${subject} works again`);
  }
}

/** What an operator should look at after a 4xx. */
function advice(status: number | undefined, provider: ModelProvider, host: string): string {
  if (status === 401 || status === 403) return `Check that variable, and that it belongs to ${host}.`;
  if (status === 429) return 'Check the limits and the quota of that key.';
  return `Check ${whereabouts(provider)} and the other settings of ${provider.engine}.`;
}

/** The variable that leads to the provider. */
function whereabouts({ urlVariable }: ModelProvider): string {
  return urlVariable ?? 'its address';
}
