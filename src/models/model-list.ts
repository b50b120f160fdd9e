import { metadataReader, OWN_FORMAT } from '../catalogue/metadata-format.js';
import type { ModelMetadata } from '../catalogue/model-metadata.js';
import type { Model } from '../catalogue/model.js';
import { asRow } from '../catalogue/row.js';
import { memoize } from '../cache/memoize.js';
import { renderJson } from './http/rendered-body.js';
import type { RenderedBody } from './http/rendered-body.js';

/** A model in OpenAI's format. @see https://platform.openai.com/docs/api-reference/models/object */
interface OpenAiModel extends ModelMetadata {
  readonly id: string;
  readonly object: 'model';
  /** Unix seconds. */
  readonly created: number;
  readonly owned_by: string;
  /** The context length under the name that clients of vLLM read. */
  readonly max_model_len?: number;
}

/** Out of a store that others write to as well. */
const readMetadata = metadataReader(OWN_FORMAT);

/** The models that a caller may see, ready to be sent. */
export class ModelList {
  /** With OpenAI's four fields. */
  readonly plain: ListView;
  /** With what else the providers say. */
  readonly withMetadata: ListView;

  constructor(readonly models: readonly Model[]) {
    this.plain = new ListView(models, plainModel);
    this.withMetadata = new ListView(models, modelWithMetadata);
  }

  /**
   * A list out of the view with metadata that an instance of this service has made.
   * @throws Error when it is anything else
   */
  static parse(text: string): ModelList {
    const { object, data } = JSON.parse(text) as Record<string, unknown>;
    if (object !== 'list' || !Array.isArray(data)) throw new Error('no list of models');
    return new ModelList(data.map(parseModel));
  }
}

/** A list in OpenAI's format. What goes out is made when it is first asked for, and once. */
export class ListView {
  private renderedList: RenderedBody | undefined;
  private readonly bodyOf = memoize((model: Model) => renderJson(this.show(model)));
  private byId: ReadonlyMap<string, Model> | undefined;

  constructor(
    private readonly models: readonly Model[],
    private readonly show: (model: Model) => OpenAiModel,
  ) {}

  /** The answer to `GET /v1/models`. */
  get rendered(): RenderedBody {
    this.renderedList ??= renderJson({ object: 'list', data: this.models.map(this.show) });
    return this.renderedList;
  }

  /** The answer to `GET /v1/models/{id}`; undefined when the list has no such model. */
  find(id: string): RenderedBody | undefined {
    this.byId ??= new Map(this.models.map((model) => [model.id, model]));
    const model = this.byId.get(id);
    return model && this.bodyOf(model);
  }
}

function plainModel({ id, created, ownedBy }: Model): OpenAiModel {
  return { id, object: 'model', created, owned_by: ownedBy };
}

function modelWithMetadata(model: Model): OpenAiModel {
  const { metadata } = model;
  const length = metadata?.context_length;
  return { ...plainModel(model), ...metadata, ...(length !== undefined && { max_model_len: length }) };
}

function parseModel(value: unknown): Model {
  const row = asRow(value) ?? {};
  const { id, object, created, owned_by: ownedBy } = row;
  if (
    typeof id !== 'string' ||
    object !== 'model' ||
    typeof created !== 'number' ||
    typeof ownedBy !== 'string'
  ) {
    throw new Error('no model');
  }
  return { id, created, ownedBy, metadata: readMetadata(row) };
}
