/** The outcome of a request for a provider's list, as the request log shows it. */
export interface UpstreamOutcome {
  readonly engine: string;
  /** The provider's status; undefined when it gave none. */
  readonly status: number | undefined;
  readonly durationMs: number;
}
