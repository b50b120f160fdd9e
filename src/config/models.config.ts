import type { ConfigType } from '@nestjs/config';
import { CAPABILITIES } from '../catalogue/model-metadata.js';
import type { Capability } from '../catalogue/model-metadata.js';
import { IsCommaSeparated, IsOneOf, IsSwitch } from './rules.js';
import { IsGlobs, IsStaticModelsFile, IsWordsOf } from './selection-rules.js';
import { readStaticModels } from './static-models.js';
import type { StaticModel } from './static-models.js';
import { registerVariables } from './variables.js';

class ModelsVariables {
  @IsSwitch()
  MODELS_METADATA = false;

  @IsGlobs()
  MODELS_ALLOW: string[] = [];

  @IsGlobs()
  MODELS_DENY: string[] = [];

  @IsWordsOf(CAPABILITIES)
  MODELS_TYPES: Capability[] = [];

  @IsCommaSeparated()
  MODELS_STATIC: string[] = [];

  @IsStaticModelsFile('MODELS_STATIC')
  MODELS_STATIC_FILE?: string;

  @IsOneOf('replace', 'append')
  MODELS_STATIC_MODE = 'replace';
}

/** Which models are shown, and with what. */
export const modelsConfig = registerVariables('models', ModelsVariables, (variables) => {
  const staticModels = staticModelsOf(variables);
  const append = variables.MODELS_STATIC_MODE === 'append';
  return {
    metadata: variables.MODELS_METADATA,
    /** Patterns of ids; without any, all are shown. */
    allow: variables.MODELS_ALLOW,
    deny: variables.MODELS_DENY,
    /** Without any, models of all types are shown. */
    types: variables.MODELS_TYPES,
    /** What is served instead of asking anybody; undefined when providers are asked. */
    replacement: append ? undefined : staticModels,
    /** What is added to the list of the providers. */
    appended: append && staticModels !== undefined ? staticModels : [],
  };
});
export type ModelsConfig = ConfigType<typeof modelsConfig>;

/** A file without models is a list too: nobody may be asked instead. Undefined when neither variable is set. */
function staticModelsOf({
  MODELS_STATIC: ids,
  MODELS_STATIC_FILE: path,
}: ModelsVariables): readonly StaticModel[] | undefined {
  if (path !== undefined) return readStaticModels(path) ?? [];
  return ids.length === 0 ? undefined : ids.map((id) => ({ id, metadata: undefined }));
}
