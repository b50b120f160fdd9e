import { IsOptional } from 'class-validator';
import { combine, defineRule } from './define-rule.js';
import { secretMistake, withMistake } from './mistakes.js';
import { readSecretFileSync } from '../read-secret-file.js';

/** What a file holds that is read again when it changes: a secret, or a list of models. */
export interface SecretForm<T> {
  /** Completes the sentences "must be …" and "a file that holds …". */
  readonly description: string;
  /** Undefined for a text that is nothing of that kind. */
  readonly parse: (text: string) => T | undefined;
  /** What is wrong with a text, beside the mistakes of all secrets; completes the sentence "this …". */
  readonly mistake?: (text: string) => string | undefined;
  /** The size of the largest file, if it may be larger than one with a secret. */
  readonly maxBytes?: number;
}

/** What can stand in an HTTP header (RFC 9110, section 5.5, without its obsolete forms). */
const KEY = /^[\x21-\x7e]+$/;

/** A key that goes into an HTTP header. */
export const KEY_FORM: SecretForm<string> = {
  description: 'one line of visible ASCII characters without spaces',
  parse: (text) => (KEY.test(text) && secretMistake(text) === undefined ? text : undefined),
};

/**
 * What a variable has to be that names a file with a secret.
 * @param text that of the file, where it could be read
 */
export function fileRule({ description, mistake }: SecretForm<unknown>, text?: string): string {
  const rule = `must be the path of a readable file that holds ${description}`;
  return withMistake(rule, text, (each) => mistake?.(each) ?? secretMistake(each));
}

/** The rule that marks the variables of keys. */
export const KEY_RULE = 'isKey';

/** A key, in the variable itself or in the file that its `_FILE` variant names. */
export function IsKey(): PropertyDecorator {
  return combine(
    IsOptional(),
    defineRule(
      KEY_RULE,
      (value) => withMistake(`must be ${KEY_FORM.description}`, value, secretMistake),
      (value) => typeof value === 'string' && KEY_FORM.parse(value) !== undefined,
    ),
    OrInFile(KEY_FORM),
  );
}

/** Declares the `_FILE` variant of a variable as well: the path of a file with what the variable would hold. */
export function OrInFile(form: SecretForm<unknown>): PropertyDecorator {
  const textOf = (path: unknown): string | undefined => readSecretFileSync(String(path), form.maxBytes);
  return (target, key) => {
    const name = String(key);
    combine(
      IsOptional(),
      defineRule(
        'isFile',
        (path) => fileRule(form, textOf(path)),
        (path) => {
          const text = textOf(path);
          return text !== undefined && form.parse(text) !== undefined;
        },
      ),
      // One of the two is outdated, and it is unknown which.
      defineRule('isInsteadOfValue', `must not be set together with ${name}`, (_path, variables) => {
        return variables[name] === undefined;
      }),
    )(target, `${name}_FILE`);
  };
}
