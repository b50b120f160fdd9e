import type { UpstreamAddress } from './upstream-address.js';

/**
 * A well-formed trace header, with the trace id as its group.
 * @see https://www.w3.org/TR/trace-context-1/#traceparent-header
 */
export const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;

/** The trace of a caller's request, as far as the provider is concerned. It travels with the request. */
export interface UpstreamTrace {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /**
   * Begins the span of one request to the provider.
   * @param attempts how many there have been for the same page, this one included
   */
  attempt(address: UpstreamAddress, attempts: number): UpstreamSpan;
}

/** A request to the provider under way. */
export interface UpstreamSpan {
  /** What tells the provider of the trace, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Ends it with a 200. */
  succeed(): void;
  /**
   * Ends it with anything else.
   * @param error what the request threw
   */
  fail(error: unknown): void;
}
