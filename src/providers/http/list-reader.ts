import { Logger } from '@nestjs/common';
import { uniqueById } from '../../catalogue/model.js';
import type { Model } from '../../catalogue/model.js';
import type { Row } from '../../catalogue/row.js';
import type { CancellationSignal } from '../../concurrency/cancellation.js';
import { SLICE_BYTES } from '../../upstream/large-bodies/scan-body.js';
import { addressOf } from '../../upstream/upstream-address.js';
import type { UpstreamAddress } from '../../upstream/upstream-address.js';
import type { UpstreamClient } from '../../upstream/upstream.client.js';
import { headerList } from '../../upstream/upstream-headers.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import { UpstreamRequest } from '../../upstream/upstream-request.js';
import type { UpstreamCall } from '../../upstream/upstream-request.js';
import { FirstSeenDates, nowOf } from './first-seen-dates.js';
import type { NowTest } from './first-seen-dates.js';
import type { QueryParameters, Signer } from './http-vendor.js';
import { UnchangedBodyCache } from './unchanged-body-cache.js';
import { withQuery } from './base-url.js';
import { checkLength, readLargePage, readPage } from './model-page.js';
import type { ModelPage } from './model-page.js';
import { RowReader } from './model-rows.js';
import type { RowFormat } from './model-rows.js';

/** Smaller bodies are read as they come, however many come in at once. */
const SMALL_BYTES = 8192;

/** What another instance of this service says that its list lacks: `engine=code,…`. */
const GAPS = /^[\w./-]{1,64}=\w{1,64}(,[\w./-]{1,64}=\w{1,64}){0,31}$/;

/** Where a list is, and how it is read. */
interface ListFormat {
  /** The provider's name in metrics. */
  readonly label: string;
  /** The first page. */
  readonly url: URL;
  readonly maxPages: number;
  readonly rows: RowFormat;
  /** The query parameters of the page after the one whose envelope this is; undefined for the last one. */
  readonly nextPage: (envelope: Row, asked: URLSearchParams) => QueryParameters | undefined;
}

/** A request for a list. */
export interface ListRequest {
  /** Of every page, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly call: UpstreamCall;
  /** Authorises each page; undefined where the headers do. */
  readonly sign: Signer | undefined;
}

/** A page, and where the next one is. */
interface LinkedPage extends ModelPage {
  readonly next: UpstreamAddress | undefined;
}

/** Reads a provider's list to its end; pages that have not changed are not parsed again. */
export class ListReader {
  private readonly logger = new Logger('ListReader');
  private readonly first: UpstreamAddress;
  private readonly rows: RowReader;
  private readonly firstSeenDates = new FirstSeenDates();
  private readonly unchangedBodies = new UnchangedBodyCache<LinkedPage>();
  private last: { readonly pages: readonly LinkedPage[]; readonly catalogue: readonly Model[] } | undefined;
  private reportedUnreadableRows = 0;

  constructor(
    private readonly client: Pick<UpstreamClient, 'get' | 'largeBodies'>,
    private readonly format: ListFormat,
  ) {
    this.first = addressOf(format.url);
    this.rows = new RowReader(format.rows);
  }

  /**
   * The whole list; of models with the same id the first stays.
   * @returns the same object again when all pages are those of the last time
   * @throws UpstreamError
   */
  async read(request: ListRequest): Promise<readonly Model[]> {
    const { call } = request;
    const pages = await this.pages(request).catch((error: unknown) => {
      throw error instanceof UpstreamError && call.retried ? error.afterRetry() : error;
    });
    const { last } = this;
    if (last?.pages.length === pages.length && pages.every((page, index) => page === last.pages[index])) {
      return last.catalogue;
    }
    this.reportUnreadableRows(pages.reduce((sum, page) => sum + page.unreadable, 0));
    const [first] = pages;
    const isUnique = pages.length === 1 && first?.isUnique === true;
    const catalogue = isUnique ? first.models : uniqueById(pages.flatMap((page) => page.models));
    this.last = { pages, catalogue };
    return catalogue;
  }

  /** Follows the cursor to the end: a partial list is never passed off as whole. */
  private async pages({ headers, call, sign }: ListRequest): Promise<LinkedPage[]> {
    const { label, maxPages } = this.format;
    const pages: LinkedPage[] = [];
    const asked = new Set<string>();
    let models = 0;
    for (let address: UpstreamAddress | undefined = this.first; address !== undefined;) {
      if (asked.has(address.path)) {
        throw new UpstreamError('invalid', 'The provider repeats a page of its list.');
      }
      if (asked.size === maxPages) {
        throw new UpstreamError('invalid', 'The provider has more pages of models than UPSTREAM_MAX_PAGES.');
      }
      asked.add(address.path);
      const { origin, path } = address;
      const signed = await sign?.(new URL(origin + path), call.signal);
      if (signed !== undefined) call.credential = signed.credential;
      const page: LinkedPage = await this.client.get(
        new UpstreamRequest(
          label,
          address,
          signed === undefined ? headers : { ...headers, ...signed.headers },
          call,
        ),
        (body, answerHeaders) => {
          const isNow = nowOf(answerHeaders);
          const gaps = headerList(answerHeaders, 'x-models-incomplete');
          if (GAPS.test(gaps)) call.lacks = gaps;
          return this.unchangedBodies.get(path, body, isNow) ?? this.page(path, body, isNow, call.signal);
        },
      );
      pages.push(page);
      models += page.models.length;
      checkLength(models);
      address = page.next;
    }
    return pages;
  }

  private page(
    path: string,
    body: Buffer,
    isNow: NowTest,
    signal: CancellationSignal,
  ): LinkedPage | Promise<LinkedPage> {
    const read = (): LinkedPage => this.linked(path, body, readPage(body, this.rows), isNow);
    if (body.length <= SMALL_BYTES) return read();
    const { largeBodies } = this.client;
    // Others may have had the same body read in the meantime.
    const known = (): LinkedPage | undefined => this.unchangedBodies.get(path, body, isNow);
    if (body.length <= SLICE_BYTES) return largeBodies.oneByOne(signal, () => known() ?? read());
    return largeBodies.inTurn(signal, async () => {
      const page = known();
      if (page !== undefined) return page;
      const { scanned, bytes } = await largeBodies.scan(body);
      return this.linked(path, bytes, await readLargePage(bytes, scanned, this.rows, signal), isNow);
    });
  }

  private linked(path: string, body: Buffer, page: ModelPage, isNow: NowTest): LinkedPage {
    const { url, nextPage } = this.format;
    const parameters = page.envelope && nextPage(page.envelope, new URL(url.origin + path).searchParams);
    const models = this.firstSeenDates.of(page.models, isNow);
    const linked = { ...page, models, next: parameters && addressOf(withQuery(url, parameters)) };
    this.unchangedBodies.set(path, body, linked, isNow);
    return linked;
  }

  /** Once per change, not once per request. */
  private reportUnreadableRows(count: number): void {
    if (count === this.reportedUnreadableRows) return;
    this.reportedUnreadableRows = count;
    if (count > 0) {
      this.logger.warn(`${String(count)} rows of the provider's list have no id and are left out`);
    }
  }
}
