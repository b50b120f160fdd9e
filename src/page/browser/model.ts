/** A model as the page shows it: what the list says, as far as it has the expected type. */
export interface Model {
  readonly id: string;
  /** The name for people, where it is not the id. */
  readonly name: string | undefined;
  readonly owner: string;
  /** Which of several providers lists it. */
  readonly engine: string | undefined;
  /** Unix seconds. */
  readonly created: number | undefined;
  readonly description: string | undefined;
  /** Tokens. */
  readonly context: number | undefined;
  /** Tokens. */
  readonly maxOutput: number | undefined;
  readonly capabilities: readonly string[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** USD for a token, a request, …, as decimal text. */
  readonly prices: readonly (readonly [name: string, price: string])[];
  readonly parameters: readonly string[];
  readonly lifecycle: string | undefined;
  /** Unix seconds. */
  readonly deprecates: number | undefined;
  /** `YYYY-MM-DD`. */
  readonly ends: string | undefined;
  /** The object of the list. */
  readonly row: object;
  /** What the search looks at, in lower case. */
  readonly searched: string;
}

/**
 * Reads an object of a list.
 * @returns undefined for what has no id
 */
export function readModel(row: unknown, engine: string | undefined): Model | undefined {
  const fields = fieldsOf(row);
  const id = text(fields['id']);
  if (id === undefined) return undefined;
  const name = text(fields['display_name']) ?? text(fields['name']);
  const owner = text(fields['owned_by']) ?? '';
  const description = text(fields['description']);
  const capabilities = texts(fields['capabilities']);
  const architecture = fieldsOf(fields['architecture']);
  return {
    id,
    name: name === id ? undefined : name,
    owner,
    engine,
    created: count(fields['created']),
    description,
    context: count(fields['context_length']) ?? count(fields['max_model_len']),
    maxOutput: count(fields['max_output_tokens']),
    capabilities,
    inputs: texts(architecture['input_modalities']),
    outputs: texts(architecture['output_modalities']),
    prices: Object.entries(fieldsOf(fields['pricing'])).filter(
      (entry): entry is [string, string] => text(entry[1]) !== undefined,
    ),
    parameters: texts(fields['supported_parameters']),
    lifecycle: text(fields['lifecycle']),
    deprecates: count(fields['deprecates_at']),
    ends: text(fields['shutdown_date']),
    row: fields,
    searched: [id, name, owner, engine, ...capabilities, description].join('\n').toLowerCase(),
  };
}

/** The price of a model for a thing; undefined where it is not known. */
export function priceOf({ prices }: Model, name: string): string | undefined {
  return prices.find(([each]) => each === name)?.[1];
}

/** The fields of an object; none for anything else. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** A text that is not empty. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each): each is string => text(each) !== undefined) : [];
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}
