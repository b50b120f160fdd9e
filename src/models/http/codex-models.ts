import { TRAITS } from '../../catalogue/model-metadata.js';
import type { Capability, Modality } from '../../catalogue/model-metadata.js';
import type { Model } from '../../catalogue/model.js';

/**
 * What Codex tells a model that it has from a list: the row must have instructions, and they take the place of those
 * that Codex has for models that it does not know. Without any, a model would not know what its tools are for.
 */
const INSTRUCTIONS =
  'You are a coding agent that runs in Codex, on the computer of the user. Work on the task of the user until it is ' +
  'done: look at the files first, change them with the tools that you are given, and run the tests or the program to ' +
  'check the result. Keep to the style of the code around, change only what the task needs, and follow the AGENTS.md ' +
  'files of the folders that you work in. Say briefly what you do, and ask before anything that cannot be undone.';

/** Other words make Codex refuse the whole list. */
const INPUTS: ReadonlySet<Modality> = new Set(['text', 'image', 'audio']);
/** Codex needs text. */
const TEXT: ReadonlySet<Capability> = new Set(['chat', 'completions', 'text_generation']);

/** A model in the form that Codex accepts, tried with Codex 0.171.0. Fields that may be absent are optional. */
interface CodexModel {
  readonly slug: string;
  readonly display_name: string;
  readonly description?: string;
  /** Tokens. */
  readonly context_window?: number;
  /** Absent: text and images. */
  readonly input_modalities?: readonly Modality[];
  readonly visibility: 'list' | 'hide';
  /** The lowest comes first. */
  readonly priority: number;
  readonly base_instructions: string;
  readonly supported_reasoning_levels: readonly [];
  readonly shell_type: 'shell_command';
  readonly supported_in_api: true;
  readonly support_verbosity: false;
  readonly truncation_policy: { readonly mode: 'bytes'; readonly limit: number };
  readonly experimental_supported_tools: readonly [];
}

/** More than users look through. A row of Codex is ten times as long as one of OpenAI's. */
const MAX_MODELS = 2000;

/** The first models, in the order of the list, as Codex accepts them: one bad row would empty its whole list. */
export function codexModels(models: readonly Model[]): readonly CodexModel[] {
  return models.slice(0, MAX_MODELS).map(codexModel);
}

function codexModel({ id, metadata = {} }: Model, position: number): CodexModel {
  const { display_name: name, description, context_length: length, architecture, capabilities } = metadata;
  const inputs = architecture?.input_modalities?.filter((each) => INPUTS.has(each)) ?? [];
  return {
    slug: id,
    display_name: name ?? id,
    ...(description !== undefined && { description }),
    ...(length !== undefined && { context_window: length }),
    ...(inputs.length > 0 && { input_modalities: inputs }),
    visibility: mayWriteText(capabilities) ? 'list' : 'hide',
    priority: position + 1,
    base_instructions: INSTRUCTIONS,
    supported_reasoning_levels: [],
    shell_type: 'shell_command',
    supported_in_api: true,
    support_verbosity: false,
    truncation_policy: { mode: 'bytes', limit: 10_000 },
    experimental_supported_tools: [],
  };
}

/** Whether a model writes text, or its purpose is not known. */
function mayWriteText(capabilities: readonly Capability[] = []): boolean {
  const purposes = capabilities.filter((each) => !TRAITS.has(each));
  return purposes.length === 0 || purposes.some((each) => TEXT.has(each));
}
