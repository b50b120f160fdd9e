import type { Model, ModelCatalogue } from '../providers/model.js';
import { jsonEntity } from './entity.js';
import type { Entity } from './entity.js';

/** A model in OpenAI's format. @see https://platform.openai.com/docs/api-reference/models/object */
interface OpenAiModel {
  readonly id: string;
  readonly object: 'model';
  /** Unix seconds. */
  readonly created: number;
  readonly owned_by: string;
}

/** A list in OpenAI's format. What goes out is made when it is first asked for, and once. */
export class ModelList {
  private rendered: Entity | undefined;
  private byId: ReadonlyMap<string, Model> | undefined;

  private constructor(readonly models: readonly Model[]) {}

  static of({ models }: ModelCatalogue): ModelList {
    return new ModelList(models);
  }

  /**
   * A list out of a body that an instance of this service has made.
   * @throws Error when it is anything else
   */
  static parse(text: string): ModelList {
    const { object, data } = JSON.parse(text) as Record<string, unknown>;
    if (object !== 'list' || !Array.isArray(data) || !data.every(isOpenAiModel))
      throw new Error('no list of models');
    return new ModelList(data.map(fromOpenAi));
  }

  /** The answer to `GET /v1/models`. */
  get entity(): Entity {
    this.rendered ??= jsonEntity({ object: 'list', data: this.models.map(toOpenAi) });
    return this.rendered;
  }

  /** The answer to `GET /v1/models/{id}`; undefined when the list has no such model. */
  find(id: string): Entity | undefined {
    this.byId ??= new Map(this.models.map((model) => [model.id, model]));
    const model = this.byId.get(id);
    return model && jsonEntity(toOpenAi(model));
  }
}

function toOpenAi({ id, created, ownedBy }: Model): OpenAiModel {
  return { id, object: 'model', created, owned_by: ownedBy };
}

function fromOpenAi({ id, created, owned_by: ownedBy }: OpenAiModel): Model {
  return { id, created, ownedBy };
}

function isOpenAiModel(value: unknown): value is OpenAiModel {
  const { id, object, created, owned_by: owner } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof id === 'string' && object === 'model' && typeof created === 'number' && typeof owner === 'string'
  );
}
