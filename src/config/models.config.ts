import type { ConfigType } from '@nestjs/config';
import { CAPABILITIES } from '../catalogue/model-metadata.js';
import type { Capability } from '../catalogue/model-metadata.js';
import { IsOneOf, IsBooleanText } from './rules/scalars.js';
import { IsGlobs, IsStaticModels, IsWordsOf } from './rules/selection.js';
import { staticModelsOf } from './static-models.js';
import { registerVariables } from './variables.js';

class ModelsVariables {
  @IsBooleanText()
  MODELS_METADATA = true;

  @IsGlobs()
  MODELS_ALLOW: string[] = [];

  @IsGlobs()
  MODELS_DENY: string[] = [];

  @IsWordsOf(CAPABILITIES)
  MODELS_TYPES: Capability[] = [];

  @IsStaticModels()
  MODELS_STATIC?: string[];

  /** Declared by `IsStaticModels`. */
  MODELS_STATIC_FILE?: string;

  @IsOneOf('replace', 'append')
  MODELS_STATIC_MODE = 'replace';
}

/** Which models are listed, and whether with metadata. */
export const modelsConfig = registerVariables('models', ModelsVariables, (variables) => {
  const staticModels = staticModelsOf('MODELS_STATIC', variables.MODELS_STATIC, variables.MODELS_STATIC_FILE);
  const append = variables.MODELS_STATIC_MODE === 'append';
  return {
    metadata: variables.MODELS_METADATA,
    /** Patterns of ids; without any, all models are listed. */
    allow: variables.MODELS_ALLOW,
    deny: variables.MODELS_DENY,
    /** Without any, models of all types are listed. */
    types: variables.MODELS_TYPES,
    /** Models that are served instead of the providers'; undefined when the providers are asked. */
    replacement: append ? undefined : staticModels,
    /** Models that are added to those of the providers. */
    appended: append && staticModels !== undefined ? staticModels : [],
  };
});
export type ModelsConfig = ConfigType<typeof modelsConfig>;
