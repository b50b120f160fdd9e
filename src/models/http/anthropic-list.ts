import type { Footprint } from '../../cache/footprint.js';
import { arrayBytes, heapBytes, mapBytes } from '../../cache/heap-bytes.js';
import { lifecycleDates, LIFECYCLES } from '../../catalogue/model-metadata.js';
import type { Lifecycle, ModelMetadata } from '../../catalogue/model-metadata.js';
import type { Model } from '../../catalogue/model.js';
import { OpenAiException } from '../../errors/openai.exception.js';
import { lifecycleHeaders } from './lifecycle-headers.js';
import { keptWith, renderText } from './rendered-body.js';
import type { RenderedBody } from './rendered-body.js';

const MAX_LIMIT = 1000;

/**
 * A model in Anthropic's format. What the provider does not say is null, or absent where null is not allowed.
 * @see https://platform.claude.com/docs/en/api/models/list
 */
interface AnthropicModel {
  readonly type: 'model';
  readonly id: string;
  readonly display_name: string;
  /** Not Anthropic's: Claude Code shows it. */
  readonly description?: string;
  /** RFC 3339. */
  readonly created_at: string;
  readonly lifecycle?: Lifecycle;
  /** RFC 3339; only of models that are deprecated. */
  readonly deprecated_at: string | null;
  /** RFC 3339. */
  readonly retires_at: string | null;
  readonly line: null;
  /** Tokens. */
  readonly max_input_tokens: number | null;
  /** Tokens. */
  readonly max_tokens: number | null;
  /** Anthropic's API lists dozens of features here; other providers give no such list. */
  readonly capabilities: null;
}

/** Which part of a list is asked for. */
export interface PageRequest {
  readonly limit: number;
  /** The page begins after this model. */
  readonly afterId: string | undefined;
  /** The page ends before this model. */
  readonly beforeId: string | undefined;
  /** Models in other stages are left out. */
  readonly stages: readonly Lifecycle[];
}

/** Retired models are for those who ask for them. */
const DEFAULT_STAGES: readonly Lifecycle[] = ['active', 'deprecated'];

/**
 * What the parameters of a URL ask for.
 * @throws OpenAiException 400
 */
export function pageRequest({
  limit = String(MAX_LIMIT),
  after_id: afterId,
  before_id: beforeId,
  lifecycle,
  'lifecycle[]': lifecycles = lifecycle,
}: Readonly<Record<string, unknown>>): PageRequest {
  if (typeof limit !== 'string' || !/^[1-9]\d{0,3}$/.test(limit) || Number(limit) > MAX_LIMIT) {
    throw badRequest(`limit must be a whole number from 1 to ${String(MAX_LIMIT)}.`, 'limit');
  }
  const page = {
    limit: Number(limit),
    afterId: modelId(afterId, 'after_id'),
    beforeId: modelId(beforeId, 'before_id'),
    stages: lifecycles === undefined ? DEFAULT_STAGES : stagesOf([lifecycles].flat()),
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

function stagesOf(asked: readonly unknown[]): readonly Lifecycle[] {
  if (!asked.every((each) => LIFECYCLES.some((stage) => stage === each))) {
    throw badRequest(`lifecycle must be one of ${LIFECYCLES.join(', ')}.`, 'lifecycle');
  }
  return LIFECYCLES.filter((stage) => asked.includes(stage));
}

/** A model as it is sent, and where it stands in the list. */
interface RenderedModel {
  readonly id: string;
  readonly model: Model;
  readonly stage: Lifecycle;
  readonly position: number;
  /** Written when it is first sent. */
  json: string | undefined;
}

/** A list in Anthropic's format, in pages. Models are written once, whatever the pages. */
export class AnthropicList {
  private readonly rows: readonly RenderedModel[];
  private readonly byId: ReadonlyMap<string, RenderedModel>;
  /** The rows in some stages, by the names of the stages. */
  private readonly inStages = new Map<string, readonly RenderedModel[]>();
  /** Most clients ask for the first page, and say no more. */
  private firstPage: RenderedBody | undefined;

  /** @param footprint grows by what is kept here */
  constructor(
    models: readonly Model[],
    private readonly footprint: Footprint,
  ) {
    this.rows = models.map((model, position) => ({
      id: model.id,
      model,
      // A model without a lifecycle counts as active.
      stage: model.metadata?.lifecycle ?? 'active',
      position,
      json: undefined,
    }));
    this.byId = new Map(this.rows.map((row) => [row.id, row]));
    // Ids are shared with the models.
    const row = heapBytes({ id: null, model: null, stage: null, position: null, json: null });
    footprint.grow(mapBytes(models.length) + arrayBytes(models.length) + row * models.length);
  }

  /**
   * A page, in the order of the list in both directions.
   * @throws OpenAiException 400 when the list has no such model
   */
  page(request: PageRequest): RenderedBody {
    return isPlain(request)
      ? (this.firstPage ??= keptWith(this.footprint, this.cut(request)))
      : this.cut(request);
  }

  private cut({ limit, afterId, beforeId, stages }: PageRequest): RenderedBody {
    const rows = this.rowsIn(stages);
    const before = beforeId === undefined ? Infinity : this.position(beforeId, 'before_id');
    const after = afterId === undefined ? -1 : this.position(afterId, 'after_id');
    const start = firstIndex(rows, (row) => row.position > after);
    const end = firstIndex(rows, (row) => row.position >= before);
    const isBackwards = beforeId !== undefined;
    const page = isBackwards ? rows.slice(Math.max(0, end - limit), end) : rows.slice(start, start + limit);
    const hasMore = isBackwards ? end > limit : end - start > limit;
    return renderText(
      `{"data":[${page.map((row) => this.jsonOf(row)).join(',')}],"has_more":${String(hasMore)},` +
        `"first_id":${JSON.stringify(page[0]?.id ?? null)},"last_id":${JSON.stringify(page.at(-1)?.id ?? null)}}`,
    );
  }

  /** One model; undefined when the list has no such one. */
  find(id: string): RenderedBody | undefined {
    const row = this.byId.get(id);
    return row && renderText(this.jsonOf(row), lifecycleHeaders(row.model));
  }

  private jsonOf(row: RenderedModel): string {
    if (row.json === undefined) {
      row.json = JSON.stringify(anthropicModel(row.model));
      this.footprint.grow(heapBytes(row.json));
    }
    return row.json;
  }

  private rowsIn(stages: readonly Lifecycle[]): readonly RenderedModel[] {
    const key = stages.join();
    const known = this.inStages.get(key);
    if (known !== undefined) return known;
    const rows = this.rows.filter(({ stage }) => stages.includes(stage));
    this.inStages.set(key, rows);
    this.footprint.grow(arrayBytes(rows.length));
    return rows;
  }

  private position(id: string, parameter: string): number {
    const position = this.byId.get(id)?.position;
    if (position === undefined) throw badRequest(`${parameter} is no model of this list.`, parameter);
    return position;
  }
}

function isPlain({ limit, afterId, beforeId, stages }: PageRequest): boolean {
  return limit === MAX_LIMIT && afterId === undefined && beforeId === undefined && stages === DEFAULT_STAGES;
}

/** The index of the first such row, else behind the last one. */
function firstIndex(rows: readonly RenderedModel[], is: (row: RenderedModel) => boolean): number {
  const index = rows.findIndex(is);
  return index < 0 ? rows.length : index;
}

/** A deprecated model's only date is that of the deprecation if it has passed, else that of the end. */
function datesOf(metadata: ModelMetadata): { deprecated?: number | undefined; retires?: number | undefined } {
  if (metadata.lifecycle !== 'deprecated') return {};
  const { deprecates, ends } = lifecycleDates(metadata);
  if (deprecates === undefined || ends !== undefined) return { deprecated: deprecates, retires: ends };
  return deprecates * 1000 <= Date.now() ? { deprecated: deprecates } : { retires: deprecates };
}

function anthropicModel({ id, created, metadata = {} }: Model): AnthropicModel {
  const { display_name: name, description, lifecycle } = metadata;
  const { deprecated, retires } = datesOf(metadata);
  return {
    type: 'model',
    id,
    display_name: name ?? id,
    ...(description !== undefined && { description }),
    created_at: rfc3339(created),
    ...(lifecycle !== undefined && { lifecycle }),
    deprecated_at: deprecated === undefined ? null : rfc3339(deprecated),
    retires_at: retires === undefined ? null : rfc3339(retires),
    line: null,
    max_input_tokens: metadata.context_length ?? null,
    max_tokens: metadata.max_output_tokens ?? null,
    capabilities: null,
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
