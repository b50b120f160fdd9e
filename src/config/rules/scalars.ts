import { IsOptional } from 'class-validator';
import { combine, defineRule, transformText, words } from './define-rule.js';

/** A whole number in decimal digits. */
export function IsWholeNumber(minimum: number, maximum: number): PropertyDecorator {
  return combine(
    transformText((text) => (/^\d{1,15}$/.test(text) ? Number(text) : text)),
    defineRule(
      'isWholeNumber',
      `must be a whole number from ${String(minimum)} to ${String(maximum)}`,
      (value) => typeof value === 'number' && value >= minimum && value <= maximum,
    ),
  );
}

/** A port other than that of another variable of the same class; 0 means no port. */
export function IsOtherPortThan(other: string): PropertyDecorator {
  return defineRule(
    'isOtherPort',
    `must differ from ${other}`,
    (value, variables) => typeof value !== 'number' || value === 0 || value !== variables[other],
  );
}

/** `true` or `false`. */
export function IsBooleanText(): PropertyDecorator {
  return combine(
    transformText((text) => ({ true: true, false: false })[text.toLowerCase()] ?? text),
    defineRule('isBooleanText', 'must be true or false', (value) => typeof value === 'boolean'),
  );
}

/** One of a few words, in any case. */
export function IsOneOf(...choices: string[]): PropertyDecorator {
  return combine(
    transformText((text) => text.toLowerCase()),
    defineRule('isOneOf', `must be one of ${choices.join(', ')}`, (value) =>
      choices.includes(value as string),
    ),
  );
}

/** Words separated by commas; the value becomes an array without empty words. */
export function IsCommaSeparated(): PropertyDecorator {
  return combine(
    transformText(words),
    defineRule('isCommaSeparated', 'must be words separated by commas', Array.isArray),
  );
}

/** Text that matches a pattern; `description` completes the sentence "must be …". */
export function IsText(pattern: RegExp, description: string): PropertyDecorator {
  return combine(
    IsOptional(),
    defineRule(
      'isText',
      `must be ${description}`,
      (value) => typeof value === 'string' && pattern.test(value),
    ),
  );
}
