import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';

/**
 * Defines a rule whose message follows the variable's name: "PORT must be …".
 * @param message receives the value, which the message must not repeat
 */
export function defineRule(
  name: string,
  message: string | ((value: unknown) => string),
  holds: (value: unknown, variables: Readonly<Record<string, unknown>>) => boolean,
): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: (value, context) => holds(value, (context?.object ?? {}) as Record<string, unknown>),
      defaultMessage: (context) => (typeof message === 'string' ? message : message(context?.value)),
    },
  });
}

/** Joins several decorators into one. */
export function combine(...decorators: PropertyDecorator[]): PropertyDecorator {
  return (target, key) => {
    for (const decorate of decorators) decorate(target, key);
  };
}

/** Converts a value that is still a text. */
export function transformText(change: (text: string) => unknown): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? change(value) : value));
}

/** The comma-separated words of a text. */
export function words(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
