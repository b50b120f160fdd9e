import type { Model } from '../catalogue/model.js';
import { OpenAiException } from '../errors/openai.exception.js';
import { textEntity } from './entity.js';
import type { Entity } from './entity.js';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 1000;

/**
 * A model in Anthropic's format; what the provider does not say is absent.
 * @see https://platform.claude.com/docs/en/api/models/list
 */
interface AnthropicModel {
  readonly type: 'model';
  readonly id: string;
  readonly display_name: string;
  /** RFC 3339. */
  readonly created_at: string;
  readonly max_input_tokens?: number;
  readonly max_tokens?: number;
  readonly lifecycle?: string;
}

/** Which part of a list is asked for. */
export interface PageRequest {
  readonly limit: number;
  /** The page begins after this model. */
  readonly afterId: string | undefined;
  /** The page ends before this model. */
  readonly beforeId: string | undefined;
}

/**
 * What the parameters of a URL ask for.
 * @throws OpenAiException 400
 */
export function pageRequest({
  limit = String(DEFAULT_LIMIT),
  after_id: afterId,
  before_id: beforeId,
}: Readonly<Record<string, unknown>>): PageRequest {
  if (typeof limit !== 'string' || !/^[1-9]\d{0,3}$/.test(limit) || Number(limit) > MAX_LIMIT) {
    throw badRequest(`limit must be a whole number from 1 to ${String(MAX_LIMIT)}.`, 'limit');
  }
  const page = {
    limit: Number(limit),
    afterId: modelId(afterId, 'after_id'),
    beforeId: modelId(beforeId, 'before_id'),
  };
  if (page.afterId !== undefined && page.beforeId !== undefined) {
    throw badRequest('after_id and before_id must not be given together.', 'before_id');
  }
  return page;
}

function modelId(value: unknown, parameter: string): string | undefined {
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw badRequest(`${parameter} must be given once.`, parameter);
}

/** A list in Anthropic's format, in pages. Models are written once, whatever the pages. */
export class AnthropicList {
  private readonly rows: readonly string[];
  private readonly positions: ReadonlyMap<string, number>;

  constructor(private readonly models: readonly Model[]) {
    this.rows = models.map((model) => JSON.stringify(anthropicModel(model)));
    this.positions = new Map(models.map(({ id }, index) => [id, index]));
  }

  /**
   * A page, in the order of the list in both directions.
   * @throws OpenAiException 400 when the list has no such model
   */
  page({ limit, afterId, beforeId }: PageRequest): Entity {
    const isBackwards = beforeId !== undefined;
    const end = isBackwards ? this.position(beforeId, 'before_id') : this.rows.length;
    const start = afterId === undefined ? 0 : this.position(afterId, 'after_id') + 1;
    const [from, to] = isBackwards ? [Math.max(0, end - limit), end] : [start, Math.min(end, start + limit)];
    const hasMore = isBackwards ? from > 0 : to < end;
    const [first, last] = [this.models[from], this.models[to - 1]].map((model) =>
      JSON.stringify(from < to ? (model?.id ?? null) : null),
    );
    return textEntity(
      `{"data":[${this.rows.slice(from, to).join(',')}],"has_more":${String(hasMore)},` +
        `"first_id":${String(first)},"last_id":${String(last)}}`,
    );
  }

  /** One model; undefined when the list has no such one. */
  find(id: string): Entity | undefined {
    const row = this.rows[this.positions.get(id) ?? -1];
    return row === undefined ? undefined : textEntity(row);
  }

  private position(id: string, parameter: string): number {
    const position = this.positions.get(id);
    if (position === undefined) throw badRequest(`${parameter} is no model of this list.`, parameter);
    return position;
  }
}

function anthropicModel({ id, created, metadata = {} }: Model): AnthropicModel {
  const { display_name: name, context_length: input, max_output_tokens: output, lifecycle } = metadata;
  return {
    type: 'model',
    id,
    display_name: name ?? id,
    created_at: rfc3339(created),
    ...(input !== undefined && { max_input_tokens: input }),
    ...(output !== undefined && { max_tokens: output }),
    ...(lifecycle !== undefined && { lifecycle }),
  };
}

/** The last second that four digits of a year can name. */
const LAST_SECOND = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

function rfc3339(seconds: number): string {
  return new Date(Math.min(seconds, LAST_SECOND) * 1000).toISOString().replace('.000Z', 'Z');
}

function badRequest(message: string, parameter: string): OpenAiException {
  return new OpenAiException(400, message, { param: parameter });
}
