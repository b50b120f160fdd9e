import type { Model, ModelCatalogue } from '../providers/model.js';

/** A model in OpenAI's format. @see https://platform.openai.com/docs/api-reference/models/object */
interface OpenAiModel {
  readonly id: string;
  readonly object: 'model';
  /** Unix seconds. */
  readonly created: number;
  readonly owned_by: string;
}

/** A catalogue as bytes that are ready to be sent, in OpenAI's format. */
export class ModelList {
  /** The body of `GET /v1/models`. */
  readonly body: Buffer;
  private readonly catalogue: ModelCatalogue;
  private byId: ReadonlyMap<string, Model> | undefined;

  constructor(catalogue: ModelCatalogue) {
    this.catalogue = catalogue;
    this.body = Buffer.from(JSON.stringify({ object: 'list', data: catalogue.models.map(toOpenAi) }));
  }

  /** The body of `GET /v1/models/{id}`; undefined when the list has no such model. */
  find(id: string): Buffer | undefined {
    this.byId ??= new Map(this.catalogue.models.map((model) => [model.id, model]));
    const model = this.byId.get(id);
    return model && Buffer.from(JSON.stringify(toOpenAi(model)));
  }
}

function toOpenAi({ id, created, ownedBy }: Model): OpenAiModel {
  return { id, object: 'model', created, owned_by: ownedBy };
}
