import type { KeyVariable, UrlVariable } from '../config/provider.config.js';
import type { CancellationSignal } from '../upstream/cancellation.js';
import type { UpstreamTrace } from '../upstream/upstream-trace.js';
import type { Credential } from '../credentials/credential.js';
import type { ModelCatalogue } from './model.js';

/** A question to a provider. */
export interface ModelsRequest {
  readonly credential: Credential | undefined;
  /** Headers of the caller that go upstream as they are, names in lower case. */
  readonly forwardedHeaders: Readonly<Record<string, string>>;
  /** Aborted with an `UpstreamError` at the deadline, or when nobody waits any more. */
  readonly signal: CancellationSignal;
  /** Of the caller who is asked for; undefined when the request is not traced. */
  readonly trace: UpstreamTrace | undefined;
}

/**
 * The port to an LLM vendor. Each implementation is chosen by its engine name in `MAIN_MODEL_ENGINE`;
 * `CustomProvider` serves the names that no other one claims.
 */
export interface ModelProvider {
  /** The name in the environment: lower case, words joined by `_`. */
  readonly engine: string;
  /** Further names for the same provider. */
  readonly aliases: readonly string[];
  /** The variables that may hold the operator's key, the first set one wins. */
  readonly keyVariables: readonly KeyVariable[];
  /** The URL that is asked first, and whose host gets the credential; undefined when none is known. */
  readonly url: URL | undefined;
  /** The variable that has to be set before the provider can be asked; undefined when nothing is missing. */
  readonly missingVariable: UrlVariable | undefined;

  /**
   * The provider's whole list.
   * @returns the same object again when nothing has changed since the last time
   * @throws UpstreamError
   */
  listModels(request: ModelsRequest): Promise<ModelCatalogue>;
}
