import { Logger } from '@nestjs/common';
import { keepLast } from './keep-last.js';
import { uniqueById } from '../../catalogue/model.js';
import type { Model } from '../../catalogue/model.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import type { ProviderList } from '../model-provider.js';
import type { SecondListFormat } from './http-vendor.js';
import type { ListReader, ListRequest } from './list-reader.js';

/** These say that the credential may not read the second list, or that the host does not have it. */
const REFUSALS: ReadonlySet<number | undefined> = new Set([403, 404]);

/** Two lists, and what they were joined to. */
interface Joined {
  readonly first: readonly Model[];
  readonly second: readonly Model[];
  readonly list: ProviderList;
}

/** Reads the second list of a vendor, and joins it with the first. */
export class SecondList {
  private readonly logger = new Logger('SecondList');
  private last: Joined | undefined;
  private readonly firstAlone = keepLast((models: readonly Model[]): ProviderList => ({
    models,
    lacks: this.format.name,
  }));
  private isReported = false;

  constructor(
    private readonly engine: string,
    private readonly format: SecondListFormat,
    private readonly reader: ListReader,
  ) {}

  /**
   * Both lists as one, of models with the same id the first; the first list alone where the second is refused.
   * @returns the same object again when both lists are those of the last time
   * @throws UpstreamError for every other failure of the second list
   */
  async joinWith(first: readonly Model[], request: ListRequest): Promise<ProviderList> {
    let second: readonly Model[];
    try {
      second = await this.reader.read(request);
    } catch (error) {
      if (!(error instanceof UpstreamError) || !REFUSALS.has(error.details.status)) throw error;
      this.report(error);
      return this.firstAlone(first);
    }
    if (this.last?.first !== first || this.last.second !== second) {
      this.last = { first, second, list: { models: uniqueById(this.format.join(first, second)) } };
    }
    return this.last.list;
  }

  /** Once: every request of the same credential is refused alike. */
  private report({ details: { status, credential } }: UpstreamError): void {
    if (this.isReported) return;
    this.isReported = true;
    const { name, permission } = this.format;
    const sent = credential === undefined ? 'a request without a key' : (credential.variable ?? 'a caller');
    this.logger.warn(
      `The list of ${this.engine} lacks its ${name.replaceAll('_', ' ')}: ${String(status)} for ${sent}. ` +
        `Allow ${permission}.`,
    );
  }
}
