/** A LoRA adapter of a model. */
export interface MockLora {
  readonly id: string;
  /** The id of the model. */
  readonly parent: string;
}

/** How a mock vLLM behaves. */
export interface MockVllmOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** The address to listen on, 127.0.0.1 by default. */
  readonly host?: string;
  /** The ids of its models. */
  readonly models?: readonly string[];
  /** Adapters, listed behind the models; by default none. */
  readonly loras?: readonly MockLora[];
  /** The key that requests under `/v1` need; by default none. */
  readonly apiKey?: string | undefined;
  /** How long it loads after its start, 0 by default: until then it answers 503. */
  readonly loadingMs?: number;
  /** The delay of every answer under `/v1`. */
  readonly delayMs?: number;
  /** Every Nth request for the list fails; 0, the default, means none. */
  readonly failEvery?: number;
  /** The status of a failure, 503 by default, or `reset` to reset the connection instead. */
  readonly failStatus?: number | 'reset';
}

/** A running mock vLLM. */
export interface MockVllm {
  /** Its origin on the loopback interface, `http://127.0.0.1:port`. */
  readonly url: string;
  readonly port: number;
  /** The number of all requests so far. */
  readonly requests: number;
  /** Aborts requests under way and stops listening. */
  close(): Promise<void>;
}

/**
 * Starts a server that answers as vLLM does.
 * @throws the error of `listen`
 */
export function startMockVllm(options?: MockVllmOptions): Promise<MockVllm>;
