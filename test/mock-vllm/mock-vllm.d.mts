/** How a mock vLLM behaves. */
export interface MockVllmOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** The address to listen on, 127.0.0.1 by default. */
  readonly host?: string;
  /** The ids of the models it lists. */
  readonly models?: readonly string[];
  /** The key that requests under `/v1` must carry; without one they need none. */
  readonly apiKey?: string | undefined;
  /** How long every answer under `/v1` takes. */
  readonly delayMs?: number;
  /** Every Nth request for the list fails; 0, the default, means none. */
  readonly failEvery?: number;
  /** The status of a failure, 503 by default, or `reset` to break the connection instead. */
  readonly failStatus?: number | 'reset';
}

/** A mock vLLM that runs. */
export interface MockVllm {
  /** Its origin on the loopback interface, `http://127.0.0.1:port`. */
  readonly url: string;
  readonly port: number;
  /** How many requests have come in so far, whatever they asked for. */
  readonly requests: number;
  /** Breaks off what is under way and stops listening. */
  close(): Promise<void>;
}

/**
 * Starts a server that answers as vLLM does.
 * @throws the error of `listen`, for an address that cannot be listened on
 */
export function startMockVllm(options?: MockVllmOptions): Promise<MockVllm>;
