/** What models can do, and what input they accept: one vocabulary for all vendors. */
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
  // The vendor gives a purpose that no word above covers.
  'other',
] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** Capabilities that do not give the purpose of a model; many vendors name only these. */
export const TRAITS: ReadonlySet<Capability> = new Set([
  'vision',
  'audio',
  'tools',
  'reasoning',
  'structured_output',
]);

/** Whether a vendor still supports a model. */
export const LIFECYCLES = ['active', 'deprecated', 'retired'] as const;
export type Lifecycle = (typeof LIFECYCLES)[number];

/**
 * A provider's metadata of a model beyond OpenAI's four fields; the gateway guesses none. Fields have the names that
 * they have in answers.
 */
export interface ModelMetadata {
  /** A name for people. */
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
