/** What a model can be asked for, or asked with: one vocabulary for all vendors. */
export const CAPABILITIES = [
  'chat',
  'completions',
  'text_generation',
  'embeddings',
  'rerank',
  'classification',
  'moderation',
  'vision',
  'audio',
  'image_generation',
  'speech',
  'transcription',
  'tools',
  'reasoning',
  'structured_output',
  // Something that none of the words before names; the vendor says no more than that it is none of them.
  'other',
] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** Those that do not say what a model is for, but what it takes and can do besides; many vendors name only these. */
export const TRAITS: ReadonlySet<Capability> = new Set([
  'vision',
  'audio',
  'tools',
  'reasoning',
  'structured_output',
]);

/** Whether a vendor still stands by a model. */
export const LIFECYCLES = ['active', 'deprecated', 'retired'] as const;
export type Lifecycle = (typeof LIFECYCLES)[number];

/**
 * What a provider says of a model beyond OpenAI's four fields: never guessed, and nothing that is not listed here.
 * The names are those of the answer.
 */
export interface ModelMetadata {
  /** For people to read. */
  readonly display_name?: string;
  /** Tokens: input and output together, or input alone where the vendor counts the two apart. */
  readonly context_length?: number;
  /** Tokens. */
  readonly max_output_tokens?: number;
  /** Each once, in the order of the vocabulary. */
  readonly capabilities?: readonly Capability[];
  readonly lifecycle?: Lifecycle;
  /** Unix seconds; may lie in the past. */
  readonly deprecates_at?: number;
}
