import { metadataReader, OWN_FORMAT } from '../catalogue/metadata-format.js';
import type { ModelMetadata } from '../catalogue/model-metadata.js';
import { uniqueById } from '../catalogue/model.js';
import type { Model } from '../catalogue/model.js';
import { asRow, unixSeconds } from '../catalogue/row.js';
import { Footprint } from '../cache/footprint.js';
import { arrayBytes, heapBytes, mapBytes, WEAK_ENTRY_BYTES } from '../cache/heap-bytes.js';
import { memoize } from '../cache/memoize.js';
import { codexModels } from './http/codex-models.js';
import { lifecycleHeaders } from './http/lifecycle-headers.js';
import { keptWith, renderJson } from './http/rendered-body.js';
import type { RenderedBody } from './http/rendered-body.js';

/** JSON has no undefined fields. */
type WrittenMetadata = { readonly [K in keyof ModelMetadata]: ModelMetadata[K] | undefined };

/** A model in OpenAI's format. @see https://platform.openai.com/docs/api-reference/models/object */
interface OpenAiModel extends WrittenMetadata {
  readonly id: string;
  readonly object: 'model';
  /** Unix seconds. */
  readonly created: number;
  readonly owned_by: string;
  /** The display name under the name that clients of OpenRouter read. */
  readonly name?: string | undefined;
  /** The context length under the name that clients of vLLM read. */
  readonly max_model_len?: number | undefined;
}

/** A list and its two views, without what they hold. */
const LIST_BYTES = 700;

/** Out of a store that others write to as well. */
const readMetadata = metadataReader(OWN_FORMAT);

/** The models that a caller may see, ready to be sent. */
export class ModelList {
  /** With OpenAI's four fields. */
  readonly plain: ListView;
  /** With what else the providers say. */
  readonly withMetadata: ListView;

  /**
   * @param footprint what the list takes in memory; what is made of it later and kept has to be added
   * @param lacks the part of the list that its provider did not give; undefined for a whole one
   */
  constructor(
    readonly models: readonly Model[],
    readonly footprint = new Footprint(() => LIST_BYTES + heapBytes(models)),
    readonly lacks?: string,
  ) {
    this.plain = new ListView(models, plainModel, footprint);
    this.withMetadata = new ListView(models, modelWithMetadata, footprint);
  }

  /**
   * A list that is made of this one and lives as long.
   * @param bytes what its models take in memory beside those of this list
   */
  derive(models: readonly Model[], bytes: number): ModelList {
    this.footprint.grow(LIST_BYTES + bytes);
    return new ModelList(models, this.footprint);
  }

  /** A list of what other lists have, without a copy of their models. */
  static joined(models: readonly Model[], parts: readonly ModelList[]): ModelList {
    const footprint = new Footprint(
      () => LIST_BYTES + arrayBytes(models.length),
      parts.map((part) => part.footprint),
    );
    return new ModelList(models, footprint);
  }

  /**
   * A list out of the view with metadata that an instance of this service has made.
   * @throws Error when it is anything else
   */
  static parse(text: string): ModelList {
    const { object, data } = JSON.parse(text) as Record<string, unknown>;
    if (object !== 'list' || !Array.isArray(data)) throw new Error('no list of models');
    const models = data.map(parseModel);
    if (uniqueById(models).length !== models.length) throw new Error('an id is there twice');
    return new ModelList(models);
  }
}

/** A list in OpenAI's format. What goes out is made when it is first asked for, and once. */
export class ListView {
  private renderedList: RenderedBody | undefined;
  private renderedForCodex: RenderedBody | undefined;
  private readonly bodyOf = memoize((model: Model) => {
    this.footprint.grow(WEAK_ENTRY_BYTES);
    return keptWith(this.footprint, renderJson(this.show(model), lifecycleHeaders(model)));
  });
  private byId: ReadonlyMap<string, Model> | undefined;

  constructor(
    private readonly models: readonly Model[],
    private readonly show: (model: Model) => OpenAiModel,
    private readonly footprint: Footprint,
  ) {}

  /** The answer to `GET /v1/models`. */
  get rendered(): RenderedBody {
    return (this.renderedList ??= this.render({}));
  }

  /** The answer to Codex, which reads `models`; `data` is there for others. */
  get forCodex(): RenderedBody {
    return (this.renderedForCodex ??= this.render({ models: codexModels(this.models) }));
  }

  /** The answer to `GET /v1/models/{id}`; undefined when the list has no such model. */
  find(id: string): RenderedBody | undefined {
    const model = (this.byId ??= this.index()).get(id);
    return model && this.bodyOf(model);
  }

  private render(more: object): RenderedBody {
    const list = { object: 'list', data: this.models.map(this.show), ...more };
    return keptWith(this.footprint, renderJson(list));
  }

  private index(): ReadonlyMap<string, Model> {
    this.footprint.grow(mapBytes(this.models.length));
    return new Map(this.models.map((model) => [model.id, model]));
  }
}

function plainModel({ id, created, ownedBy }: Model): OpenAiModel {
  return { id, object: 'model', created, owned_by: ownedBy };
}

function modelWithMetadata(model: Model): OpenAiModel {
  const { id, created, ownedBy, metadata } = model;
  if (metadata === undefined) return plainModel(model);
  const { display_name, context_length } = metadata;
  // A list is written in one go: of several spreads, each model would cost a hundred times as much.
  return {
    id,
    object: 'model',
    created,
    owned_by: ownedBy,
    display_name,
    name: display_name,
    context_length,
    max_model_len: context_length,
    ...metadata,
  };
}

function parseModel(value: unknown): Model {
  const row = asRow(value) ?? {};
  const { id, object, created, owned_by: ownedBy } = row;
  if (
    !isName(id) ||
    object !== 'model' ||
    typeof created !== 'number' ||
    // A fraction, milliseconds and a negative date are all another number then.
    unixSeconds(created) !== created ||
    !isName(ownedBy)
  ) {
    throw new Error('no model');
  }
  return { id, created, ownedBy, metadata: readMetadata(row) };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
