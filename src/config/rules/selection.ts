import { IsOptional } from 'class-validator';
import { STATIC_MODELS_FORM } from '../static-models.js';
import { OrInFile } from './secrets.js';
import { combine, defineRule, transformText, words } from './define-rule.js';

/** The words of a text; the text itself, which is refused, when it has none: an empty filter is a mistake. */
function wordsIfAny(text: string): string[] | string {
  const list = words(text);
  return list.length > 0 ? list : text;
}

const MAX_GLOBS = 200;
const MAX_GLOB_LENGTH = 200;

/** Patterns of ids, separated by commas; the value is an array of them. */
export function IsGlobs(): PropertyDecorator {
  return combine(
    transformText(wordsIfAny),
    defineRule(
      'isGlobs',
      `must be at most ${String(MAX_GLOBS)} patterns of at most ${String(MAX_GLOB_LENGTH)} characters, separated by commas`,
      (value) =>
        Array.isArray(value) &&
        value.length <= MAX_GLOBS &&
        value.every((each: string) => each.length <= MAX_GLOB_LENGTH),
    ),
  );
}

/** Words of a vocabulary, in any case, separated by commas; the value is an array of them. */
export function IsWordsOf(vocabulary: readonly string[]): PropertyDecorator {
  return combine(
    transformText((text) => wordsIfAny(text.toLowerCase())),
    defineRule(
      'isWordsOf',
      `must be words of ${vocabulary.join(', ')}, separated by commas`,
      (value) => Array.isArray(value) && value.every((each: string) => vocabulary.includes(each)),
    ),
  );
}

/**
 * Ids separated by commas, in the variable itself, or models in the JSON file that its `_FILE` variant names. The
 * variant is declared too.
 */
export function IsStaticModels(): PropertyDecorator {
  return combine(
    IsOptional(),
    transformText(wordsIfAny),
    defineRule('isStaticModels', 'must be ids separated by commas', Array.isArray),
    OrInFile(STATIC_MODELS_FORM),
  );
}
