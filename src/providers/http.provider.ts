import { Inject, Injectable, Logger } from '@nestjs/common';
import { providerConfig } from '../config/provider.config.js';
import type { KeyVariable, ProviderConfig, UrlVariable } from '../config/provider.config.js';
import { upstreamConfig } from '../config/upstream.config.js';
import type { UpstreamConfig } from '../config/upstream.config.js';
import type { Credential } from '../credentials/credential.js';
import { ACCEPT_ENCODING } from '../upstream/decompress.js';
import { UpstreamClient } from '../upstream/upstream.client.js';
import { UpstreamError } from '../upstream/upstream.error.js';
import { LastBodies } from './last-bodies.js';
import type { ModelProvider, ModelsRequest } from './model-provider.js';
import { asRow, rowsOf, toModel } from './model-rows.js';
import type { Row, RowFormat } from './model-rows.js';
import type { Model, ModelCatalogue } from './model.js';

/** Stands in for the creation date of models whose provider gives none: one stable number, not "now". */
const PROCESS_STARTED = Math.floor(Date.now() / 1000 - process.uptime());

/** One page of a list. */
interface Page {
  readonly models: readonly Model[];
  /** Rows that are no model. */
  readonly unreadable: number;
  /** The page that follows; undefined after the last one. */
  readonly next: URL | undefined;
}

/** A provider that lists its models as JSON over HTTP, page by page. A subclass says where, and in which words. */
@Injectable()
export abstract class HttpProvider implements ModelProvider {
  abstract readonly engine: string;
  readonly aliases: readonly string[] = [];
  abstract readonly keyVariables: readonly KeyVariable[];

  /** The variables that may hold the base URL, the first set one wins. */
  protected abstract readonly baseUrlVariables: readonly [UrlVariable, ...UrlVariable[]];
  /** Used when none of the variables is set; without it one of them is required. */
  protected readonly defaultBaseUrl: string | undefined;
  /** Headers of every request, names in lower case. */
  protected readonly fixedHeaders: Readonly<Record<string, string>> = {};
  protected readonly idFields: readonly string[] = ['id'];

  private readonly logger = new Logger(HttpProvider.name);
  private resolved: { readonly url: URL | undefined } | undefined;
  private readonly lastBodies = new LastBodies<Page>();
  private last: { readonly pages: readonly Page[]; readonly catalogue: ModelCatalogue } | undefined;
  private reportedUnreadableRows = 0;

  constructor(
    private readonly client: UpstreamClient,
    @Inject(providerConfig.KEY) protected readonly config: ProviderConfig,
    @Inject(upstreamConfig.KEY) private readonly limits: UpstreamConfig,
  ) {}

  get host(): string | undefined {
    return this.firstPage?.host;
  }

  get missingVariable(): UrlVariable | undefined {
    return this.firstPage === undefined ? this.baseUrlVariables[0] : undefined;
  }

  async listModels(request: ModelsRequest): Promise<ModelCatalogue> {
    const first = this.firstPage;
    if (first === undefined) {
      throw new UpstreamError(
        'not_configured',
        `The engine ${this.engine} needs ${this.baseUrlVariables[0]} to be set.`,
      );
    }
    const headers = {
      accept: 'application/json',
      'accept-encoding': ACCEPT_ENCODING,
      'user-agent': 'models-gateway',
      ...request.forwardedHeaders,
      ...this.fixedHeaders,
      ...(request.credential && this.credentialHeaders(request.credential)),
    };
    return this.catalogue(await this.pages(first, headers, request));
  }

  /** The URL of the first page. */
  protected abstract listUrl(base: URL): URL;

  /** The headers that carry a credential, names in lower case. */
  protected credentialHeaders({ authorization }: Credential): Record<string, string> {
    return { authorization };
  }

  /** The URL of the page after this one; undefined for the last one, and for a provider that does not page. */
  protected nextPage(_body: Row, _first: URL): URL | undefined {
    return undefined;
  }

  private get firstPage(): URL | undefined {
    // Not in the constructor: a subclass's fields are set only after it.
    this.resolved ??= { url: this.resolve() };
    return this.resolved.url;
  }

  private resolve(): URL | undefined {
    const { variables } = this.config;
    const variable = this.baseUrlVariables.find((each) => variables[each] !== undefined);
    const base = variable === undefined ? this.defaultBaseUrl : variables[variable];
    return base === undefined ? undefined : this.listUrl(new URL(base));
  }

  /** Follows the cursor to the end: a partial list is never passed off as whole. */
  private async pages(
    first: URL,
    headers: Readonly<Record<string, string>>,
    { credential, signal }: ModelsRequest,
  ): Promise<Page[]> {
    const pages: Page[] = [];
    const asked = new Set<string>();
    for (let url: URL | undefined = first; url !== undefined;) {
      if (asked.has(url.href)) throw new UpstreamError('invalid', 'The provider repeats a page of its list.');
      if (asked.size === this.limits.maxPages) {
        throw new UpstreamError(
          'invalid',
          'The list of the provider has more pages than UPSTREAM_MAX_PAGES.',
        );
      }
      asked.add(url.href);
      const { body } = await this.client.get({ url, headers, credential, signal });
      const page: Page = this.lastBodies.get(url.href, body) ?? this.readPage(url, body, first);
      pages.push(page);
      url = page.next;
    }
    return pages;
  }

  private readPage(url: URL, bytes: Buffer, first: URL): Page {
    const body = parseJson(bytes);
    const rows = rowsOf(body);
    if (rows === undefined)
      throw new UpstreamError('invalid', 'The provider answered 200 with no list of models.');
    const format: RowFormat = {
      idFields: this.idFields,
      createdFields: ['created', 'created_at'],
      defaultCreated: PROCESS_STARTED,
      defaultOwner: this.engine,
    };
    const models = rows.map((row) => toModel(row, format)).filter((model) => model !== undefined);
    const envelope = asRow(body);
    const page: Page = {
      models,
      unreadable: rows.length - models.length,
      next: rows.length > 0 && envelope !== undefined ? this.nextPage(envelope, first) : undefined,
    };
    this.lastBodies.set(url.href, bytes, page);
    return page;
  }

  /** Of models with the same id the first stays. Pages that were read before make the list that they made before. */
  private catalogue(pages: readonly Page[]): ModelCatalogue {
    const { last } = this;
    if (last?.pages.length === pages.length && pages.every((page, index) => page === last.pages[index])) {
      return last.catalogue;
    }
    const models = new Map<string, Model>();
    for (const model of pages.flatMap((page) => page.models)) {
      if (!models.has(model.id)) models.set(model.id, model);
    }
    this.reportUnreadableRows(pages.reduce((sum, page) => sum + page.unreadable, 0));
    const catalogue = { models: [...models.values()] };
    this.last = { pages, catalogue };
    return catalogue;
  }

  /** Once per change, not once per request. */
  private reportUnreadableRows(count: number): void {
    if (count === this.reportedUnreadableRows) return;
    this.reportedUnreadableRows = count;
    this.logger.warn(`${String(count)} rows of the provider's list have no id and are left out`);
  }
}

/** @throws UpstreamError when the bytes are no JSON */
function parseJson(bytes: Buffer): unknown {
  try {
    // JSON may not begin with a byte order mark (RFC 8259, section 8.1), but some servers write one.
    return JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    // The parser's own message quotes the body: it must not reach a caller.
    throw new UpstreamError('invalid', 'The provider answered 200 with a body that is not JSON.', {
      cause: error,
    });
  }
}
