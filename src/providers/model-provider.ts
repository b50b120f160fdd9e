import type { OperatorHeaders } from '../credentials/operator-headers.js';
import type { Proxy } from '../upstream/proxies.js';
import type { UpstreamCall } from '../upstream/upstream-request.js';
import type { Model } from '../catalogue/model.js';

/** A request for a provider's list. */
export interface ModelsRequest extends Pick<UpstreamCall, 'credential' | 'signal' | 'trace'> {
  /** The headers that the operator adds. */
  readonly operatorHeaders: OperatorHeaders;
  /** Headers of the caller that go upstream unchanged, names in lower case. */
  readonly forwardedHeaders: Readonly<Record<string, string>>;
}

/** The names of a provider. */
export interface ProviderIdentity {
  /** The name in the environment: lower case, words joined by `_`. */
  readonly engine: string;
  /** The built-in engine that it is, if that has another name. */
  readonly kind?: string | undefined;
  /** The name in metrics: `custom` for a single engine that is not built in, `static` for the list of all engines. */
  readonly label: string;
  /** What the provider adds to ids without a tag. */
  readonly defaultTag?: string | undefined;
  /** What the provider leaves out at the beginning of ids, slash included. */
  readonly defaultNamespace?: string | undefined;
}

/** The list of a provider. */
export interface ProviderList {
  readonly models: readonly Model[];
  /** The part of the list that the provider did not give, in a word for a header; undefined for a whole list. */
  readonly lacks?: string | undefined;
}

/** Where a provider is asked, and which variables of the environment decide that. */
export interface ProviderSettings {
  /** The URL of the first request; its host gets the credential. Undefined when the environment names none. */
  readonly url: URL | undefined;
  /** The variable that holds the base URL, or the one to set. */
  readonly urlVariable: string;
  /** By which requests go; undefined for direct connections. */
  readonly proxy: Proxy | undefined;
  /** The variables that may hold the operator's key; the first one that is set wins. */
  readonly keyVariables: readonly string[];
  /** The source of credentials when no variable holds a key; undefined when there is none. */
  readonly keySource: string | undefined;
  /** The variable of the client certificate; undefined where none is sent. */
  readonly certificateVariable?: string | undefined;
  /** The variables that may hold the operator's headers; the first one that is set wins. */
  readonly headerVariables: readonly string[];
  /** The variable that must be set before the provider can be asked; undefined when nothing is missing. */
  readonly missingVariable: string | undefined;
}

/**
 * The port to an LLM vendor. The environment chooses an implementation by its engine name; `customProvider` makes one
 * for a name that is not built in.
 */
export interface ModelProvider {
  readonly identity: ProviderIdentity;
  /** Undefined for a static list, which needs no request. */
  readonly settings: ProviderSettings | undefined;

  /**
   * The provider's list.
   *
   * An unchanged list is the SAME object as the last time. These are computed once for each object, and again for a
   * copy: the `ModelList` (`ProviderListSource`), the list with the operator's own models (`StaticMerge`), the prefixed list
   * (`PrefixedListSource`), the list of several providers (`AggregateListSource`) and the shares of each
   * (`EngineShares`), the selected list (`ModelSelection`), rendered bodies with their ETags (`ListView`), their
   * compressed forms (`CodedBodies`), and the pages in Anthropic's format (`ModelsController`).
   * @throws UpstreamError
   */
  listModels(request: ModelsRequest): Promise<ProviderList>;
}

/** The owner of models that have none: one vendor is the same owner under any name. */
export function ownerOf({ engine, kind }: ProviderIdentity): string {
  return kind ?? engine;
}

/** The setting that a provider lacks, as a sentence; undefined when nothing is missing. */
export function missingSetting({ identity, settings }: ModelProvider): string | undefined {
  const variable = settings?.missingVariable;
  return variable && `The engine ${identity.engine} needs ${variable} to be set.`;
}

/** The URL that a provider is asked at, without its query string, which may hold a secret; undefined where there is none. */
export function askedUrl(settings: ProviderSettings | undefined): string | undefined {
  const { url } = settings ?? {};
  return url && url.origin + url.pathname;
}
