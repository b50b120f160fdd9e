/** What a model can be asked for, in one vocabulary for all vendors. */
export type Capability = 'chat' | 'completions' | 'embeddings' | 'rerank' | 'vision';

/**
 * What a provider says of a model beyond OpenAI's four fields: never guessed, and nothing that is not listed here.
 * The names are those of the answer.
 */
export interface ModelMetadata {
  /** For people to read. */
  readonly display_name?: string;
  /** Tokens of input and output together, or of input alone where the vendor counts the two apart. */
  readonly context_length?: number;
  /** Tokens. */
  readonly max_output_tokens?: number;
  readonly capabilities?: readonly Capability[];
  readonly lifecycle?: 'active' | 'deprecated' | 'retired';
  /** Unix seconds. */
  readonly deprecates_at?: number;
}
