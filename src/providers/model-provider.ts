import type { OperatorHeaders } from '../credentials/operator-headers.js';
import type { UpstreamCall } from '../upstream/upstream-request.js';
import type { Model } from '../catalogue/model.js';

/** A question to a provider. */
export interface ModelsRequest extends Pick<UpstreamCall, 'credential' | 'signal' | 'trace'> {
  /** What the operator adds. */
  readonly operatorHeaders: OperatorHeaders;
  /** Headers of the caller that go upstream as they are, names in lower case. */
  readonly forwardedHeaders: Readonly<Record<string, string>>;
}

/**
 * The port to an LLM vendor. Each implementation is chosen by its engine name in the environment;
 * `CustomProvider` serves the names that no other one claims.
 */
export interface ModelProvider {
  /** The name in the environment: lower case, words joined by `_`. */
  readonly engine: string;
  /** Further names for the same provider. */
  readonly aliases: readonly string[];
  /** The variables that may hold the operator's key when the engine is the only one, the first set one wins. */
  readonly keyVariables: readonly string[];
  /** Where credentials come from when no variable holds a key; undefined where there are none then. */
  readonly keySource: string | undefined;
  /** The name in metrics: `custom` for an engine that may have any name. */
  readonly label: string;
  /** The URL that is asked first, and whose host gets the credential; undefined when none is known. */
  readonly url: URL | undefined;
  /** Whether anybody is asked: nobody is for a list that is written down. */
  readonly isRemote: boolean;
  /** The variable in which a key would be looked for first; undefined when none would be sent. */
  readonly keyVariable: string | undefined;
  /** The variable that says where the provider is, or would say it; undefined when nobody is asked. */
  readonly urlVariable: string | undefined;
  /** The variable that has to be set before the provider can be asked; undefined when nothing is missing. */
  readonly missingVariable: string | undefined;

  /**
   * The provider's whole list.
   * @returns the same object again when nothing has changed since the last time
   * @throws UpstreamError
   */
  listModels(request: ModelsRequest): Promise<readonly Model[]>;
}

/** What has to be set before a provider can be asked, as a sentence; undefined when nothing is missing. */
export function missingSetting({ engine, missingVariable }: ModelProvider): string | undefined {
  return missingVariable && `The engine ${engine} needs ${missingVariable} to be set.`;
}
