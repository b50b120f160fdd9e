import { metadataReader } from '../../catalogue/metadata-format.js';
import { PROCESS_STARTED, uniqueById } from '../../catalogue/model.js';
import type { Model } from '../../catalogue/model.js';
import { keepLast } from './keep-last.js';
import { valueAt } from '../../catalogue/row.js';
import type { Row } from '../../catalogue/row.js';
import type { Headers } from '../../config/rules/headers.js';
import { readVariables } from '../../config/variables.js';
import { SYSTEM_CLOCK } from '../../concurrency/clock.js';
import type { Credential } from '../../credentials/credential.js';
import { querySecrets } from '../../credentials/operator-headers.js';
import { ACCEPT_ENCODING } from '../../upstream/decompress.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import type { UpstreamCall } from '../../upstream/upstream-request.js';
import type { UpstreamRoute } from '../../upstream/upstream.route.js';
import { missingSetting, ownerOf } from '../model-provider.js';
import type {
  ModelProvider,
  ModelsRequest,
  ProviderIdentity,
  ProviderList,
  ProviderSettings,
} from '../model-provider.js';
import type { ProviderContext, Vendor } from '../vendor.js';
import { COMPATIBLE_METADATA } from './compatible-metadata.js';
import type { Cursor, HttpVendor, QueryParameters, Signer } from './http-vendor.js';
import { ListReader } from './list-reader.js';
import { SecondList } from './second-list.js';

/** The headers of every request to every provider. */
const COMMON_HEADERS = {
  accept: 'application/json',
  'accept-encoding': ACCEPT_ENCODING,
  'user-agent': 'models-gateway',
} as const;

const NO_MODELS: ProviderList = { models: [] };

/** A built-in vendor that lists its models over HTTP. */
export function httpVendor<V extends object>(vendor: HttpVendor<V>): Vendor {
  class Provider extends HttpProvider<V> {
    constructor(context: ProviderContext, name?: string) {
      super(vendor, context, name);
    }
  }
  return { urlVariables: ['MAIN_MODEL_BASE_URL'], metadata: COMPATIBLE_METADATA, ...vendor, Provider };
}

/** Asks a vendor that lists its models as JSON over HTTP, page by page. */
export class HttpProvider<V extends object> implements ModelProvider {
  readonly identity: ProviderIdentity;
  readonly settings: ProviderSettings;
  private readonly reader: ListReader | undefined;
  private readonly secondList: SecondList | undefined;
  private readonly sign: Signer | undefined;
  private readonly querySecrets: readonly Credential[];
  private readonly toList = keepLast((models: readonly Model[]) => this.withAddedIds(models));
  private lastIncomplete: ProviderList | undefined;
  private readonly route: UpstreamRoute | undefined;

  /** @param name that of the engine, if it is not the vendor's: of two accounts each has its own */
  constructor(
    private readonly vendor: HttpVendor<V>,
    context: ProviderContext,
    name: string = vendor.engine,
  ) {
    const { engine, label = name, signing, secondList, defaultTag, defaultNamespace } = vendor;
    const { config } = context;
    const settingOf = (variable: string): readonly string[] => config.settingVariables(name, variable);
    // A vendor that declares no variables reads none.
    const variables = vendor.variables === undefined ? ({} as V) : readVariables(vendor.variables, settingOf);
    const urlVariables = config.urlVariables(name, vendor.urlVariables ?? ['MAIN_MODEL_BASE_URL']);
    const [firstUrlVariable = ''] = urlVariables;
    const urlVariable = urlVariables.find((each) => config.urls.has(each));
    const baseText =
      (urlVariable && config.urls.get(urlVariable)) ??
      vendor.baseUrlFrom?.(variables) ??
      vendor.defaultBaseUrl;
    const base = baseText === undefined ? undefined : new URL(baseText);
    const url = base && vendor.listUrl(base, variables);
    const missingUrlVariable = url || vendor.isEmptyWithoutUrl ? undefined : firstUrlVariable;
    const missingVariable = vendor.missingVariable?.(variables, base);
    const tls = config.tlsFiles(name);
    this.route = url && context.client.routeTo(url, tls);
    this.identity = {
      engine: name,
      kind: name === engine ? undefined : engine,
      label,
      defaultTag,
      defaultNamespace,
    };
    this.settings = {
      url,
      urlVariable: urlVariable ?? firstUrlVariable,
      proxy: this.route?.proxy,
      keyVariables:
        base !== undefined && vendor.isPublic?.(base)
          ? []
          : config.keyVariables(name, keyVariablesAt(urlVariable, vendor)),
      keySource: signing?.source,
      certificateVariable: tls.certificate.path === undefined ? undefined : tls.certificate.variable,
      headerVariables: config.headerVariables(name),
      missingVariable:
        missingVariable === undefined
          ? missingUrlVariable
          : (settingOf(missingVariable)[0] ?? missingVariable),
    };
    this.reader = url && listReader(vendor, variables, url, this.identity, context);
    this.secondList =
      url &&
      secondList &&
      new SecondList(
        this.identity.engine,
        secondList,
        listReader({ ...vendor, ...secondList }, variables, secondList.listUrl(url), this.identity, context),
      );
    this.sign = url && signing?.signer(url, variables, (each) => context.client.routeTo(each, tls));
    this.querySecrets = base === undefined ? [] : querySecrets(base);
  }

  async listModels(request: ModelsRequest): Promise<ProviderList> {
    const { reader, route, secondList, vendor } = this;
    if (reader === undefined || route === undefined) {
      if (vendor.isEmptyWithoutUrl) return NO_MODELS;
      throw this.notConfigured();
    }
    const { forwardedHeaders, operatorHeaders, credential, signal, trace } = request;
    const startedAt = SYSTEM_CLOCK.monotonic();
    const sign = credential === undefined ? this.sign : undefined;
    if (sign !== undefined && this.settings.missingVariable !== undefined) throw this.notConfigured();
    // Not by spreading: Node.js 20 would make a new hidden class for each of these objects.
    const headers: Headers = {};
    Object.assign(
      headers,
      COMMON_HEADERS,
      forwardedHeaders,
      vendor.fixedHeaders,
      operatorHeaders.headers,
      credential && credentialHeaders(vendor, credential),
    );
    const call: UpstreamCall = {
      credential,
      otherSecrets: [...operatorHeaders.secrets, ...this.querySecrets],
      route,
      startedAt,
      signal,
      trace,
      retried: false,
    };
    const asked = { headers, call, sign };
    const models = await reader.read(asked);
    const list = (await secondList?.joinWith(models, asked)) ?? this.toList(models);
    return call.lacks === undefined ? list : this.incomplete(list, call.lacks);
  }

  /** A list that another instance of this service gave, and of which it says that it lacks something. */
  private incomplete({ models }: ProviderList, lacks: string): ProviderList {
    const { lastIncomplete: last } = this;
    if (last?.models === models && last.lacks === lacks) return last;
    return (this.lastIncomplete = { models, lacks });
  }

  private withAddedIds(models: readonly Model[]): ProviderList {
    const { addedIds } = this.vendor;
    if (addedIds === undefined) return { models };
    const ownedBy = ownerOf(this.identity);
    const added = addedIds.map((id) => ({ id, created: PROCESS_STARTED, ownedBy }));
    return { models: uniqueById([...models, ...added]) };
  }

  private notConfigured(): UpstreamError {
    return new UpstreamError('not_configured', String(missingSetting(this)));
  }
}

/**
 * The variables that may hold the operator's key when there is one engine.
 * @param urlVariable the variable with the base URL; undefined where the vendor's own is used
 */
function keyVariablesAt<V extends object>(
  urlVariable: string | undefined,
  { keyVariables = [], otherHostKeyVariables = [] }: HttpVendor<V>,
): readonly string[] {
  return urlVariable === 'MAIN_MODEL_BASE_URL' ? [...keyVariables, ...otherHostKeyVariables] : keyVariables;
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
  identity: ProviderIdentity,
  { client, limits }: ProviderContext,
): ListReader {
  const { cursor, isUsable } = vendor;
  return new ListReader(client, {
    label: identity.label,
    url,
    maxPages: limits.maxPages,
    rows: {
      listFields: vendor.listFields ?? ['data', 'models'],
      leavesOutEmptyLists: vendor.leavesOutEmptyLists ?? false,
      cursorField: cursor?.field,
      reshape: vendor.reshape,
      isUsable: isUsable && ((row) => isUsable(row, variables)),
      idFields: vendor.idFields ?? ['id'],
      idPrefix: vendor.idPrefix ?? '',
      createdFields: vendor.createdFields ?? ['created', 'created_at'],
      defaultCreated: PROCESS_STARTED,
      ownerFields: vendor.ownerFields ?? ['owned_by'],
      defaultOwner: ownerOf(identity),
      metadata: metadataReader(vendor.metadata ?? COMPATIBLE_METADATA),
      notes: vendor.notes,
    },
    nextPage: vendor.nextPage ?? (cursor === undefined ? () => undefined : linkOf(cursor)),
  });
}

/** Reads the query parameter of the next page; undefined after the last one. */
function linkOf({ field, parameter, moreField }: Cursor): (page: Row) => QueryParameters | undefined {
  const cursorOf = valueAt(field);
  const moreOf = moreField === undefined ? undefined : valueAt(moreField);
  return (page) => {
    const cursor = cursorOf(page);
    const isLast = moreOf === undefined ? cursor === '' : moreOf(page) !== true;
    return typeof cursor === 'string' && !isLast ? { [parameter]: cursor } : undefined;
  };
}
