import type { StaticModel } from '../catalogue/static-model.js';
import { mergeModels } from '../catalogue/static-model.js';
import type { StaticSource } from '../config/static-models.js';
import { STATIC_MODELS_FORM } from '../config/static-models.js';
import type { Secret } from '../credentials/secret.js';
import type { SecretFiles } from '../credentials/secret-files.js';
import { ownerOf } from './model-provider.js';
import type { ModelProvider, ProviderIdentity, ProviderList } from './model-provider.js';

/** Models that the operator gives. */
export interface StaticList {
  /** The same object until the file changes. */
  readonly rows: Secret<readonly StaticModel[]>;
  /** Where they come from, for the log. */
  readonly source: string;
  /** Whether their fields are added to models of the provider. */
  readonly addsFields: boolean;
}

/**
 * Opens a list of the operator, whose file is read again when it changes.
 * @throws ConfigurationError when the file has become invalid since it was checked
 */
export function openStaticList({ variable, ids, path, mode }: StaticSource, files: SecretFiles): StaticList {
  return {
    rows:
      path === undefined ? { current: rowsOf(ids ?? []) } : files.open(variable, path, STATIC_MODELS_FORM),
    source: variable,
    addsFields: mode === 'merge',
  };
}

function rowsOf(ids: readonly string[]): readonly StaticModel[] {
  return ids.map((id) => ({ id, metadata: undefined }));
}

/** A list that needs no request. */
export class StaticProvider implements ModelProvider {
  readonly settings = undefined;

  /** @param identity its engine, or the kind of that, is the owner of models that have none */
  constructor(
    readonly identity: ProviderIdentity,
    readonly list: StaticList,
  ) {}

  listModels(): Promise<ProviderList> {
    const { rows, addsFields } = this.list;
    const options = { owner: ownerOf(this.identity), addsFields };
    return Promise.resolve({ models: mergeModels([], rows.current, options).models });
  }
}
