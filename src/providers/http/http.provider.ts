import { Inject, Injectable } from '@nestjs/common';
import { providerConfig } from '../../config/provider.config.js';
import type { EngineNames } from '../../config/engine-variables.js';
import type { ProviderConfig, UrlVariable } from '../../config/provider.config.js';
import { upstreamConfig } from '../../config/upstream.config.js';
import type { UpstreamConfig } from '../../config/upstream.config.js';
import type { Credential } from '../../credentials/credential.js';
import { ACCEPT_ENCODING } from '../../upstream/decompress.js';
import type { CancellationSignal } from '../../concurrency/cancellation.js';
import { UpstreamClient } from '../../upstream/upstream.client.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import { ListReader } from './list-reader.js';
import { missingSetting } from '../model-provider.js';
import type { ModelProvider, ModelsRequest, ProviderIdentity, ProviderSettings } from '../model-provider.js';
import { firstOf } from '../../catalogue/row.js';
import type { Row } from '../../catalogue/row.js';
import { COMPATIBLE_METADATA } from './compatible-metadata.js';
import { metadataReader } from '../../catalogue/metadata-format.js';
import type { MetadataFormat } from '../../catalogue/metadata-format.js';
import { PROCESS_STARTED } from '../../catalogue/model.js';
import type { Model } from '../../catalogue/model.js';

/** What every request of every provider says. */
const COMMON_HEADERS = {
  accept: 'application/json',
  'accept-encoding': ACCEPT_ENCODING,
  'user-agent': 'models-gateway',
} as const;

/** What authorises a request. */
export interface Authorisation {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** What of them is secret. */
  readonly credential: Credential | undefined;
}

const NO_AUTHORISATION: Authorisation = { headers: {}, credential: undefined };

/** Where the list is, and who reads it. */
interface List {
  readonly url: URL;
  readonly reader: ListReader;
}

/** A provider that lists its models as JSON over HTTP, page by page. A subclass says where, and in which words. */
@Injectable()
export abstract class HttpProvider implements ModelProvider {
  protected abstract readonly engine: string;
  protected readonly aliases: readonly string[] = [];
  /** The variables that may hold the operator's key when the engine is the only one, the first set one wins. */
  protected abstract readonly keyVariables: readonly string[];
  protected readonly keySource: string | undefined = undefined;
  /** The variables that may hold the base URL when the engine is the only one, the first set one wins. */
  protected abstract readonly baseUrlVariables: readonly [UrlVariable, ...UrlVariable[]];
  /** Used when none of the variables is set; without it one of them is required. */
  protected readonly defaultBaseUrl: string | undefined;
  /** Headers of every request, names in lower case. */
  protected readonly fixedHeaders: Readonly<Record<string, string>> = {};
  protected readonly listFields: readonly string[] = ['data', 'models'];
  /** Whether the vendor answers `{}` when there is nothing to list. */
  protected readonly leavesOutEmptyLists: boolean = false;
  protected readonly idFields: readonly string[] = ['id'];
  protected readonly idPrefix: string = '';
  protected readonly createdFields: readonly string[] = ['created', 'created_at'];
  protected readonly ownerFields: readonly string[] = ['owned_by'];
  /** Whether a row is a model that callers can use; undefined where all are. */
  protected readonly isUsable: ((row: Row) => boolean) | undefined;
  protected readonly metadata: MetadataFormat = COMPATIBLE_METADATA;

  private resolved: { readonly list: List | undefined } | undefined;
  private resolvedSettings: ProviderSettings | undefined;

  constructor(
    private readonly client: UpstreamClient,
    @Inject(providerConfig.KEY) protected readonly config: ProviderConfig,
    @Inject(upstreamConfig.KEY) private readonly limits: UpstreamConfig,
  ) {}

  get identity(): ProviderIdentity {
    return { engine: this.engine, aliases: this.aliases, label: this.label };
  }

  get settings(): ProviderSettings {
    // Not in the constructor: a subclass's fields are set only after it.
    this.resolvedSettings ??= {
      url: this.list?.url,
      urlVariable: this.urlVariable,
      keyVariables: this.config.keyVariables(this.names, this.keyVariables),
      keySource: this.keySource,
      headerVariables: this.config.headerVariables(this.names),
      missingVariable: this.missingVariable,
    };
    return this.resolvedSettings;
  }

  protected get label(): string {
    return this.engine;
  }

  protected get urlVariable(): string {
    const [first = ''] = this.urlVariables;
    return this.urlVariables.find((variable) => this.config.urls.has(variable)) ?? first;
  }

  protected get missingVariable(): string | undefined {
    return this.list === undefined ? this.urlVariable : undefined;
  }

  async listModels(request: ModelsRequest): Promise<readonly Model[]> {
    const { list } = this;
    if (list === undefined) {
      throw new UpstreamError('not_configured', String(missingSetting(this)));
    }
    const { forwardedHeaders, operatorHeaders, credential, signal, trace } = request;
    const { headers: own, credential: secret } =
      credential === undefined
        ? await this.authorise(list.url, signal)
        : { headers: this.credentialHeaders(credential), credential };
    const headers = {
      ...COMMON_HEADERS,
      ...forwardedHeaders,
      ...this.fixedHeaders,
      ...operatorHeaders.headers,
      ...own,
    };
    const call = {
      credential: secret,
      headerSecrets: operatorHeaders.secrets,
      signal,
      trace,
      retried: false,
    };
    return list.reader.read(headers, call);
  }

  /** The URL of the first page. */
  protected abstract listUrl(base: URL): URL;

  /** The headers that carry a credential, names in lower case. */
  protected credentialHeaders({ authorization }: Credential): Record<string, string> {
    return { authorization };
  }

  /** What a request without a key needs: nothing, unless a vendor has credentials of another kind. */
  protected authorise(_url: URL, _signal: CancellationSignal): Authorisation | Promise<Authorisation> {
    return NO_AUTHORISATION;
  }

  /** The URL of the page after this one; undefined for the last one, and for a provider that does not page. */
  protected nextPage(_body: Row, _first: URL): URL | undefined {
    return undefined;
  }

  private get list(): List | undefined {
    // Not in the constructor: a subclass's fields are set only after it.
    this.resolved ??= { list: this.resolve() };
    return this.resolved.list;
  }

  private resolve(): List | undefined {
    const base =
      firstOf(this.urlVariables, (variable) => this.config.urls.get(variable)) ?? this.defaultBaseUrl;
    if (base === undefined) return undefined;
    const url = this.listUrl(new URL(base));
    const reader = new ListReader(this.client, {
      label: this.label,
      url,
      maxPages: this.limits.maxPages,
      rows: {
        listFields: this.listFields,
        leavesOutEmptyLists: this.leavesOutEmptyLists,
        isUsable: this.isUsable,
        idFields: this.idFields,
        idPrefix: this.idPrefix,
        createdFields: this.createdFields,
        defaultCreated: PROCESS_STARTED,
        ownerFields: this.ownerFields,
        defaultOwner: this.engine,
        metadata: metadataReader(this.metadata),
      },
      nextPage: (envelope) => this.nextPage(envelope, url),
    });
    return { url, reader };
  }

  private get names(): EngineNames {
    return [this.engine, ...this.aliases];
  }

  private get urlVariables(): readonly string[] {
    return this.config.urlVariables(this.names, this.baseUrlVariables);
  }
}
