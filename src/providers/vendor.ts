import type { MetadataFormat } from '../catalogue/metadata-format.js';
import type { EngineDeclaration } from '../config/engines.js';
import type { ProviderConfig } from '../config/provider.config.js';
import type { UpstreamConfig } from '../config/upstream.config.js';
import type { UpstreamClient } from '../upstream/upstream.client.js';
import type { ModelProvider } from './model-provider.js';

/** The dependencies of a provider. */
export interface ProviderContext {
  readonly client: Pick<UpstreamClient, 'get' | 'largeBodies' | 'routeTo'>;
  readonly config: Pick<
    ProviderConfig,
    | 'isMultiEngine'
    | 'urls'
    | 'urlVariables'
    | 'keyVariables'
    | 'headerVariables'
    | 'settingVariables'
    | 'tlsFiles'
  >;
  readonly limits: Pick<UpstreamConfig, 'maxPages'>;
}

/** A built-in LLM vendor: what the configuration and the documents say of it, and its provider. */
export interface Vendor extends EngineDeclaration {
  /** The base URL when no variable holds one. */
  readonly defaultBaseUrl?: string;
  /** Makes that base URL from the variables of the vendor. */
  readonly baseUrlFrom?: (variables: never) => string | undefined;
  /** Further variables of keys, which are read where `MAIN_MODEL_BASE_URL` is set. */
  readonly otherHostKeyVariables?: readonly string[];
  /** The source of credentials when no variable holds a key. */
  readonly signing?: { readonly source: string };
  /** Variables that the documents set as an example, where the provider cannot be asked in a cluster without any. */
  readonly exampleSettings?: Readonly<Record<string, string>>;
  /** What chats take for granted at the end of an id. */
  readonly defaultTag?: string;
  /** Where its rows hold metadata. */
  readonly metadata?: MetadataFormat;
  /** Makes a provider of the vendor; its name is the engine's unless the operator gives another one. */
  readonly Provider: new (context: ProviderContext, name?: string) => ModelProvider;
}
