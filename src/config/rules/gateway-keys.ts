import { IsOptional } from 'class-validator';
import { combine, defineRule, transformText } from './define-rule.js';
import { secretMistake, withMistake } from './mistakes.js';
import { KEY_FORM, OrInFile } from './secrets.js';
import type { SecretForm } from './secrets.js';

/** A shorter key could be guessed. */
const MIN_LENGTH = 16;
/** Each is compared at every request. */
const MAX_KEYS = 100;

/** Keys of callers, separated by commas or, in a file, by line breaks. */
export const GATEWAY_KEYS_FORM: SecretForm<readonly string[]> = {
  description: `keys of at least ${String(MIN_LENGTH)} visible ASCII characters, separated by commas, at most ${String(MAX_KEYS)} of them`,
  parse: (text) => {
    const keys = text
      .split(/[,\r\n]/)
      .map((key) => key.trim())
      .filter((key) => key !== '');
    const isValid =
      keys.length > 0 &&
      keys.length <= MAX_KEYS &&
      keys.every((key) => key.length >= MIN_LENGTH && KEY_FORM.parse(key) !== undefined);
    return isValid ? keys : undefined;
  },
};

/** The rule that marks the variable of callers' keys. */
export const GATEWAY_KEYS_RULE = 'isGatewayKeys';

/** Keys of callers, in the variable itself or in the file that its `_FILE` variant names. */
export function IsGatewayKeys(): PropertyDecorator {
  return combine(
    IsOptional(),
    transformText((text) => GATEWAY_KEYS_FORM.parse(text) ?? text),
    defineRule(
      GATEWAY_KEYS_RULE,
      (value) => withMistake(`must be ${GATEWAY_KEYS_FORM.description}`, value, secretMistake),
      Array.isArray,
    ),
    OrInFile(GATEWAY_KEYS_FORM),
  );
}
