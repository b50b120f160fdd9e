import type { ConfigType } from '@nestjs/config';
import { CAPABILITIES } from '../catalogue/model-metadata.js';
import type { Capability } from '../catalogue/model-metadata.js';
import { IsOneOf, IsBooleanText } from './rules/scalars.js';
import { IsGlobs, IsStaticModels, IsWordsOf } from './rules/selection.js';
import { STATIC_MODES, staticSourceOf } from './static-models.js';
import type { StaticMode } from './static-models.js';
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

  @IsOneOf(...STATIC_MODES)
  MODELS_STATIC_MODE: StaticMode = 'replace';
}

/** The variables of a class whose `_FILE` variant the class has too. */
type WithFile<T> = { [K in keyof T & string]-?: `${K}_FILE` extends keyof T ? K : never }[keyof T & string];

const STATIC_LISTS = ['MODELS_STATIC'] satisfies readonly WithFile<ModelsVariables>[];

/** Which models are listed, and whether with metadata. */
export const modelsConfig = registerVariables('models', ModelsVariables, (variables) => {
  const values = new Map<string, unknown>(Object.entries(variables));
  return {
    metadata: variables.MODELS_METADATA,
    /** Patterns of ids; without any, all models are listed. */
    allow: variables.MODELS_ALLOW,
    deny: variables.MODELS_DENY,
    /** Without any, models of all types are listed. */
    types: variables.MODELS_TYPES,
    /** The models that the operator gives for all providers together; undefined where there are none. */
    staticList: staticSourceOf(STATIC_LISTS, values, variables.MODELS_STATIC_MODE),
  };
});
export type ModelsConfig = ConfigType<typeof modelsConfig>;
