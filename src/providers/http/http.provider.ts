import { Inject, Injectable } from '@nestjs/common';
import { metadataReader } from '../../catalogue/metadata-format.js';
import { PROCESS_STARTED } from '../../catalogue/model.js';
import type { Model } from '../../catalogue/model.js';
import { valueAt } from '../../catalogue/row.js';
import type { Row } from '../../catalogue/row.js';
import type { EngineNames } from '../../config/engines.js';
import type { Headers } from '../../config/rules/headers.js';
import { readVariables } from '../../config/variables.js';
import { SYSTEM_CLOCK } from '../../concurrency/clock.js';
import type { CancellationSignal } from '../../concurrency/cancellation.js';
import type { Credential } from '../../credentials/credential.js';
import { ACCEPT_ENCODING } from '../../upstream/decompress.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import type { UpstreamRoute } from '../../upstream/upstream.route.js';
import { missingSetting } from '../model-provider.js';
import type { ModelProvider, ModelsRequest, ProviderIdentity, ProviderSettings } from '../model-provider.js';
import { PROVIDER_CONTEXT } from '../vendor.js';
import type { ProviderContext, Vendor } from '../vendor.js';
import { withQuery } from './base-url.js';
import { COMPATIBLE_METADATA } from './compatible-metadata.js';
import type { Authorisation, Cursor, HttpVendor, Signer } from './http-vendor.js';
import { ListReader } from './list-reader.js';

/** The headers of every request to every provider. */
const COMMON_HEADERS = {
  accept: 'application/json',
  'accept-encoding': ACCEPT_ENCODING,
  'user-agent': 'models-gateway',
} as const;

const NO_AUTHORISATION: Authorisation = { headers: {}, credential: undefined };
const NO_MODELS: readonly Model[] = [];

/** A built-in vendor that lists its models over HTTP. */
export function httpVendor<V extends object>(vendor: HttpVendor<V>): Vendor {
  @Injectable()
  class Provider extends HttpProvider<V> {
    constructor(@Inject(PROVIDER_CONTEXT) context: ProviderContext) {
      super(vendor, context);
    }
  }
  return { urlVariables: ['MAIN_MODEL_BASE_URL'], metadata: COMPATIBLE_METADATA, ...vendor, Provider };
}

/** Asks a vendor that lists its models as JSON over HTTP, page by page. */
export class HttpProvider<V extends object> implements ModelProvider {
  readonly identity: ProviderIdentity;
  readonly settings: ProviderSettings;
  private readonly reader: ListReader | undefined;
  private readonly sign: Signer | undefined;
  private readonly route: UpstreamRoute | undefined;

  constructor(
    private readonly vendor: HttpVendor<V>,
    context: ProviderContext,
  ) {
    const { engine, aliases = [], label = engine, defaultTag, keyVariables = [], signing } = vendor;
    const { config } = context;
    // A vendor that declares no variables reads none.
    const variables = vendor.variables === undefined ? ({} as V) : readVariables(vendor.variables);
    const names: EngineNames = [engine, ...aliases];
    const urlVariables = config.urlVariables(names, vendor.urlVariables ?? ['MAIN_MODEL_BASE_URL']);
    const [firstUrlVariable = ''] = urlVariables;
    const urlVariable = urlVariables.find((each) => config.urls.has(each));
    const base =
      (urlVariable && config.urls.get(urlVariable)) ??
      vendor.baseUrlFrom?.(variables) ??
      vendor.defaultBaseUrl;
    const url = base === undefined ? undefined : vendor.listUrl(new URL(base), variables);
    const missingUrlVariable = url || vendor.isEmptyWithoutUrl ? undefined : firstUrlVariable;
    this.route = url && context.client.routeTo(url, config.tlsFiles(names));
    this.identity = { engine, aliases, label, defaultTag };
    this.settings = {
      url,
      urlVariable: urlVariable ?? firstUrlVariable,
      proxy: this.route?.proxy,
      keyVariables: config.keyVariables(names, keyVariables),
      keySource: signing?.source,
      headerVariables: config.headerVariables(names),
      missingVariable: vendor.missingVariable?.(variables) ?? missingUrlVariable,
    };
    this.reader = url && listReader(vendor, variables, url, this.identity, context);
    this.sign =
      url && signing?.signer(url, variables, (each) => context.client.routeTo(each, config.tlsFiles(names)));
  }

  async listModels(request: ModelsRequest): Promise<readonly Model[]> {
    const { reader, route, vendor } = this;
    if (reader === undefined || route === undefined) {
      if (vendor.isEmptyWithoutUrl) return NO_MODELS;
      throw this.notConfigured();
    }
    const { forwardedHeaders, operatorHeaders, credential, signal, trace } = request;
    const startedAt = SYSTEM_CLOCK.monotonic();
    const authorisation =
      credential === undefined
        ? await this.authorise(signal)
        : { headers: credentialHeaders(vendor, credential), credential };
    const headers = {
      ...COMMON_HEADERS,
      ...forwardedHeaders,
      ...vendor.fixedHeaders,
      ...operatorHeaders.headers,
      ...authorisation.headers,
    };
    return reader.read(headers, {
      credential: authorisation.credential,
      headerSecrets: operatorHeaders.secrets,
      route,
      startedAt,
      signal,
      trace,
      retried: false,
    });
  }

  /** Authorises a request for which there is no key. */
  private async authorise(signal: CancellationSignal): Promise<Authorisation> {
    if (this.sign === undefined) return NO_AUTHORISATION;
    if (this.settings.missingVariable !== undefined) throw this.notConfigured();
    return this.sign(signal);
  }

  private notConfigured(): UpstreamError {
    return new UpstreamError('not_configured', String(missingSetting(this)));
  }
}

/** The headers that carry a credential. */
function credentialHeaders(
  {
    keyHeader,
    bearerTokens,
    bearerHeaders,
  }: Pick<HttpVendor, 'keyHeader' | 'bearerTokens' | 'bearerHeaders'>,
  { authorization, token }: Credential,
): Headers {
  if (keyHeader === undefined || token === undefined) return { authorization };
  return bearerTokens?.test(token)
    ? { authorization: `Bearer ${token}`, ...bearerHeaders }
    : { [keyHeader]: token };
}

function listReader<V extends object>(
  vendor: HttpVendor<V>,
  variables: V,
  url: URL,
  { engine, label }: ProviderIdentity,
  { client, limits }: ProviderContext,
): ListReader {
  const { cursor, isUsable } = vendor;
  return new ListReader(client, {
    label,
    url,
    maxPages: limits.maxPages,
    rows: {
      listFields: vendor.listFields ?? ['data', 'models'],
      leavesOutEmptyLists: vendor.leavesOutEmptyLists ?? false,
      cursorField: cursor?.field,
      isUsable: isUsable && ((row) => isUsable(row, variables)),
      idFields: vendor.idFields ?? ['id'],
      idPrefix: vendor.idPrefix ?? '',
      createdFields: vendor.createdFields ?? ['created', 'created_at'],
      defaultCreated: PROCESS_STARTED,
      ownerFields: vendor.ownerFields ?? ['owned_by'],
      defaultOwner: engine,
      metadata: metadataReader(vendor.metadata ?? COMPATIBLE_METADATA),
    },
    nextPage: cursor === undefined ? () => undefined : linkOf(cursor, url),
  });
}

/** Reads the URL of the next page; undefined after the last one. */
function linkOf({ field, parameter, moreField }: Cursor, first: URL): (page: Row) => URL | undefined {
  const cursorOf = valueAt(field);
  const moreOf = moreField === undefined ? undefined : valueAt(moreField);
  return (page) => {
    const cursor = cursorOf(page);
    const isLast = moreOf === undefined ? cursor === '' : moreOf(page) !== true;
    return typeof cursor === 'string' && !isLast ? withQuery(first, { [parameter]: cursor }) : undefined;
  };
}
