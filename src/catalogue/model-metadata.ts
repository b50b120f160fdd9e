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

/** What goes into a model, or comes out of it, in OpenRouter's words. */
export const MODALITIES = [
  'text',
  'image',
  'audio',
  'video',
  'file',
  'embeddings',
  'rerank',
  'speech',
  'transcription',
] as const;
export type Modality = (typeof MODALITIES)[number];

/** What can have a price; OpenRouter's names. */
export const PRICED = [
  'prompt',
  'completion',
  'request',
  'image',
  'image_output',
  'audio',
  'audio_output',
  'web_search',
  'internal_reasoning',
  'input_cache_read',
  'input_cache_write',
] as const;
export type Pricing = Readonly<Partial<Record<(typeof PRICED)[number], string>>>;

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
  /** At most 500 characters on one line. */
  readonly description?: string;
  /** Tokens: input and output together, or input alone where the vendor counts the two apart. */
  readonly context_length?: number;
  /** Tokens. */
  readonly max_output_tokens?: number;
  /** Each once, in the order of the vocabulary. */
  readonly capabilities?: readonly Capability[];
  readonly architecture?: Architecture;
  /** USD for a token, a request, …, as decimal text. */
  readonly pricing?: Pricing;
  /** Names of the parameters of chats. */
  readonly supported_parameters?: readonly string[];
  readonly lifecycle?: Lifecycle;
  /** Unix seconds; may lie in the past. */
  readonly deprecates_at?: number;
  /** The day of the end in UTC, `YYYY-MM-DD`; null where the provider says that there is none. OpenAI's field. */
  readonly shutdown_date?: string | null;
}

/** Each modality once, in the order of the vocabulary. */
interface Architecture {
  readonly input_modalities?: readonly Modality[];
  readonly output_modalities?: readonly Modality[];
}

/** Unix seconds; undefined where it is not known. */
interface LifecycleDates {
  readonly deprecates: number | undefined;
  readonly ends: number | undefined;
}

const SECONDS_A_DAY = 86_400;

/** Tells the two dates of a model's lifecycle apart: a vendor's only date may be that of the end. */
export function lifecycleDates({ deprecates_at: date, shutdown_date: day }: ModelMetadata): LifecycleDates {
  if (day === undefined || day === null) return { deprecates: date, ends: undefined };
  const ends = Date.parse(day) / 1000;
  const isEnd = date !== undefined && date >= ends && date < ends + SECONDS_A_DAY;
  return isEnd ? { deprecates: undefined, ends: date } : { deprecates: date, ends };
}
