import type { Model, ModelCatalogue } from '../providers/model.js';
import { entityOf, jsonEntity } from './entity.js';
import type { Entity } from './entity.js';

/** A model in OpenAI's format. @see https://platform.openai.com/docs/api-reference/models/object */
interface OpenAiModel {
  readonly id: string;
  readonly object: 'model';
  /** Unix seconds. */
  readonly created: number;
  readonly owned_by: string;
}

/** A list in OpenAI's format, ready to be sent. */
export class ModelList {
  private byId: ReadonlyMap<string, OpenAiModel> | undefined;

  private constructor(
    /** The answer to `GET /v1/models`. */
    readonly entity: Entity,
    private readonly models: () => readonly OpenAiModel[],
  ) {}

  static of({ models }: ModelCatalogue): ModelList {
    return new ModelList(jsonEntity({ object: 'list', data: models.map(toOpenAi) }), () =>
      models.map(toOpenAi),
    );
  }

  /**
   * A list out of a body that an instance of this service has made.
   * @throws Error when it is anything else
   */
  static parse(text: string): ModelList {
    const { object, data } = JSON.parse(text) as Record<string, unknown>;
    if (object !== 'list' || !Array.isArray(data) || !data.every(isOpenAiModel))
      throw new Error('no list of models');
    const entity = entityOf(Buffer.from(text));
    return new ModelList(entity, () => (JSON.parse(entity.body.toString()) as { data: OpenAiModel[] }).data);
  }

  /** The answer to `GET /v1/models/{id}`; undefined when the list has no such model. */
  find(id: string): Entity | undefined {
    this.byId ??= new Map(this.models().map((model) => [model.id, model]));
    const model = this.byId.get(id);
    return model && jsonEntity(model);
  }
}

function toOpenAi({ id, created, ownedBy }: Model): OpenAiModel {
  return { id, object: 'model', created, owned_by: ownedBy };
}

function isOpenAiModel(value: unknown): value is OpenAiModel {
  const { id, object, created, owned_by: owner } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof id === 'string' && object === 'model' && typeof created === 'number' && typeof owner === 'string'
  );
}
