import { mapBytes, WEAK_ENTRY_BYTES } from '../../cache/heap-bytes.js';
import { memoize } from '../../cache/memoize.js';
import { Coalescer } from '../../concurrency/coalescer.js';
import type { Waiting } from '../../concurrency/coalescer.js';
import type { CancellationSignal } from '../../concurrency/cancellation.js';
import { Slots } from '../../concurrency/slots.js';
import type { Metrics } from '../../metrics/metrics.js';
import { UPSTREAM_WAIT_ERRORS } from '../../upstream/wait-errors.js';
import { acceptedCoding } from '../../content/accept-encoding.js';
import { CODINGS } from '../../content/content-coding.js';
import type { Coding, Compress } from '../../content/content-coding.js';
import { renderCoded, renderedBytes } from './rendered-body.js';
import type { RenderedBody } from './rendered-body.js';

/** Smaller bodies fit into one packet as they are. */
const MIN_BYTES = 1024;
/** Half of Node.js' pool, which looks up names and reads files too. */
const THREADS = 2;
/** What may be compressed or wait for it: about 0.1 s of work. Further bodies are sent as they are. */
const MAX_PENDING_BYTES = 16 * 1024 * 1024;
/** How long a caller waits at most; then it gets the body as it is. */
const TIMEOUT_MS = 1000;
const FORMS_BYTES = WEAK_ENTRY_BYTES + mapBytes(4);

/** The compressed forms of bodies. Each is made when it is first asked for, and kept as long as its body. */
export class CodedBodies {
  private readonly underWay = new Coalescer<RenderedBody>(TIMEOUT_MS, UPSTREAM_WAIT_ERRORS);
  private readonly threads = new Slots(THREADS);
  private pendingBytes = 0;
  private readonly formsOf = memoize((_: RenderedBody) => new Map<Coding, RenderedBody>());

  constructor(
    private readonly metrics: Metrics | undefined,
    private readonly codings: ReadonlyMap<Coding, Compress> = CODINGS,
  ) {}

  /**
   * The form of a body that suits a client best, or the body as it is.
   * @param accepted the client's `Accept-Encoding`
   */
  formOf(
    body: RenderedBody,
    accepted: string | undefined,
    caller: Waiting,
  ): RenderedBody | Promise<RenderedBody> {
    const { coding, isRequired } = acceptedCoding(accepted);
    if (coding === undefined || (body.body.length < MIN_BYTES && !isRequired)) return body;
    return this.formsOf(body).get(coding) ?? this.make(body, coding, caller);
  }

  private async make(body: RenderedBody, coding: Coding, caller: Waiting): Promise<RenderedBody> {
    // A kept body may equal one that is not.
    const key = `${coding} ${String(isKept(body))} ${body.etag}`;
    const { length } = body.body;
    const isTooMuch = this.pendingBytes > 0 && this.pendingBytes + length > MAX_PENDING_BYTES;
    if (isTooMuch && !this.underWay.isUnderWay(key)) return body;
    try {
      const form = await this.underWay.join(key, (signal) => this.compress(body, coding, signal), caller);
      // The work may have been for an equal body of another list.
      this.keep(body, coding, form);
      return form;
    } catch {
      return body;
    }
  }

  private async compress(
    body: RenderedBody,
    coding: Coding,
    signal: CancellationSignal,
  ): Promise<RenderedBody> {
    const { length } = body.body;
    this.pendingBytes += length;
    try {
      await this.threads.take(signal);
      try {
        const form = renderCoded(await this.run(body, coding), coding);
        // Its callers may have gone meanwhile.
        this.keep(body, coding, form);
        return form;
      } finally {
        this.threads.free();
      }
    } finally {
      this.pendingBytes -= length;
    }
  }

  private run(body: RenderedBody, coding: Coding): Promise<Buffer> {
    const compress = this.codings.get(coding);
    if (compress === undefined) throw new Error(`${coding} is not available`);
    this.metrics?.bodyCompressed(coding);
    return compress(body.body, isKept(body));
  }

  private keep(body: RenderedBody, coding: Coding, form: RenderedBody): void {
    const forms = this.formsOf(body);
    if (body.footprint === undefined || forms.has(coding)) return;
    forms.set(coding, form);
    body.footprint.grow(FORMS_BYTES + renderedBytes(form));
  }
}

/** Whether a body is kept, and its forms with it; otherwise it is made for each request. */
function isKept(body: RenderedBody): boolean {
  return body.footprint !== undefined;
}
