import type { MetadataFormat } from '../../catalogue/metadata-format.js';
import type { Model } from '../../catalogue/model.js';
import type { Path, Row } from '../../catalogue/row.js';
import type { CancellationSignal } from '../../concurrency/cancellation.js';
import type { Headers } from '../../config/rules/headers.js';
import type { EngineDeclaration } from '../../config/engines.js';
import type { Credential } from '../../credentials/credential.js';
import type { UpstreamRoute } from '../../upstream/upstream.route.js';

/** What authorises a request. */
export interface Authorisation {
  /** Names in lower case. */
  readonly headers: Headers;
  /** The secret part of the headers. */
  readonly credential: Credential | undefined;
}

/** Authorises a GET when there is no key. */
export type Signer = (url: URL, signal: CancellationSignal) => Promise<Authorisation>;

/** Query parameters by name. */
export type QueryParameters = Readonly<Record<string, string>>;

/** A model, and what else of its row is needed to join two lists. */
export interface NotedModel extends Model {
  readonly notes?: readonly string[] | undefined;
}

/**
 * A vendor that lists its models as JSON over HTTP, page by page: where the list is, how a request is authorised, and
 * the words of the rows. Defaults are those of OpenAI's API.
 * @typeParam V the variables of its own, an instance of `variables`
 */
export interface HttpVendor<V extends object = object> extends EngineDeclaration {
  readonly variables?: new () => V;
  /** By default `MAIN_MODEL_BASE_URL` alone. */
  readonly urlVariables?: readonly [string, ...string[]];
  /** The base URL when no variable holds one; without a default one of them is required. */
  readonly defaultBaseUrl?: string;
  /** The same, for a vendor whose address depends on its variables. */
  readonly baseUrlFrom?: (variables: V) => string | undefined;
  /** Variables that the documents set as an example, where the provider cannot be asked in a cluster without any. */
  readonly exampleSettings?: Readonly<Record<string, string>>;
  /** The URL of the first page; undefined while `missingVariable` names a variable without which there is none. */
  readonly listUrl: (base: URL, variables: V) => URL | undefined;

  /** Headers of every request, names in lower case. */
  readonly fixedHeaders?: Headers;
  /** Tokens that go as `Authorization: Bearer` although the vendor has a `keyHeader`. */
  readonly bearerTokens?: RegExp;
  /** Headers that go with such tokens, names in lower case. */
  readonly bearerHeaders?: Headers;
  /** How requests are authorised when neither the caller nor the operator has a key; by default they are not. */
  readonly signing?: {
    /** The source of the credentials, as the log names it. */
    readonly source: string;
    /**
     * @param url that of the first page
     * @param routeTo the way to whatever else has to be asked for that
     */
    readonly signer: (url: URL, variables: V, routeTo: (url: URL) => UpstreamRoute) => Signer;
  };
  /** Whether a host asks for no key, so that it gets none of the operator's. */
  readonly isPublic?: (base: URL) => boolean;
  /** Further variables that may hold the operator's key where `MAIN_MODEL_BASE_URL` says which host gets it. */
  readonly otherHostKeyVariables?: readonly string[];
  /**
   * The variable without which the provider cannot be asked, where it is not set; that of the URL aside.
   * @param base undefined where no variable leads to one
   */
  readonly missingVariable?: (variables: V, base: URL | undefined) => string | undefined;

  /** Where a page holds its rows: the first array wins. A bare array is a list everywhere. */
  readonly listFields?: readonly Path[];
  /** Whether an empty list is an object without its rows: `{}`, or the cursor alone. */
  readonly leavesOutEmptyLists?: boolean;
  /** The link to the next page; without one there is a single page. */
  readonly cursor?: Cursor;
  /**
   * The same for links of other kinds: the query parameters of the next page, undefined after the last one.
   * @param asked those of this page
   * @throws UpstreamError `invalid` when there is another page that cannot be asked
   */
  readonly nextPage?: (page: Row, asked: URLSearchParams) => QueryParameters | undefined;
  /** A row as the fields below find it, where its values do not stand at paths. */
  readonly reshape?: (row: Row) => Row;
  /** Whether a row is a model that callers can use; by default all are. */
  readonly isUsable?: (row: Row, variables: V) => boolean;
  /** Where a row holds the id, the first text wins. */
  readonly idFields?: readonly Path[];
  /** What ids begin with that is no part of them. */
  readonly idPrefix?: string;
  /** What chats take for granted at the end of an id, so that clients leave it out. */
  readonly defaultTag?: string;
  /** What chats take for granted at the beginning of an id, slash included; the list leaves it out. */
  readonly defaultNamespace?: string;
  /** Models that the vendor serves although its list may lack them. */
  readonly addedIds?: readonly string[];
  /** Where a row holds the date of creation, the first date wins. */
  readonly createdFields?: readonly Path[];
  /** Where a row holds the owner, the first text wins. */
  readonly ownerFields?: readonly Path[];
  /** Where a row holds metadata. */
  readonly metadata?: MetadataFormat;

  /** What of a row is needed to join it with the second list. */
  readonly notes?: (row: Row) => readonly string[];
  /** A list of further models. */
  readonly secondList?: SecondListFormat;

  /** The name in metrics, if it is not the engine. */
  readonly label?: string;
  /** Whether a provider without a base URL has an empty list; otherwise it is an error. */
  readonly isEmptyWithoutUrl?: boolean;
}

/** Another list of the same vendor, whose models are joined with those of the first. A refusal leaves the first alone. */
export interface SecondListFormat extends Pick<
  HttpVendor,
  'listFields' | 'leavesOutEmptyLists' | 'cursor' | 'idFields' | 'createdFields' | 'metadata' | 'notes'
> {
  /** What a list without it lacks, in a word for a header. */
  readonly name: string;
  /** What the credential must be allowed to do, as the vendor names it. */
  readonly permission: string;
  /** The URL of its first page. */
  readonly listUrl: (first: URL) => URL;
  readonly join: (first: readonly NotedModel[], second: readonly NotedModel[]) => readonly Model[];
}

/** How a page leads to the next one. */
export interface Cursor {
  /** Where a page holds the cursor; a page without one is the last. */
  readonly field: Path;
  /** The query parameter that takes the cursor. */
  readonly parameter: string;
  /** Where a page says whether there is another one: it is the last unless that is `true`. */
  readonly moreField?: Path;
}
