import type { UpstreamAddress } from './upstream-address.js';

/**
 * A well-formed `traceparent` header; the group is the trace id.
 * @see https://www.w3.org/TR/trace-context-1/#traceparent-header
 */
export const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;

/** The trace of a caller's request, which creates the spans of requests to the provider. */
export interface UpstreamTrace {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /**
   * Starts the span of one request to the provider.
   * @param attempts the number of attempts for the same page, this one included
   */
  attempt(address: UpstreamAddress, attempts: number): UpstreamSpan;
}

/** The span of a request to the provider. */
export interface UpstreamSpan {
  /** Headers that pass the trace on to the provider, with names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Ends the span of a 200. */
  succeed(): void;
  /**
   * Ends the span of any other outcome.
   * @param error what the request threw
   */
  fail(error: unknown): void;
}
