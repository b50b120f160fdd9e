import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';

/** Every rule is phrased to follow the variable's name: "PORT must be …". */
export function defineRule(
  name: string,
  message: string,
  holds: (value: unknown, variables: Readonly<Record<string, unknown>>) => boolean,
): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: (value, context) => holds(value, (context?.object ?? {}) as Record<string, unknown>),
      defaultMessage: () => message,
    },
  });
}

/** Several decorators as one. */
export function combine(...decorators: PropertyDecorator[]): PropertyDecorator {
  return (target, key) => {
    for (const decorate of decorators) decorate(target, key);
  };
}

/** Changes a value that is still text. */
export function transformText(change: (text: string) => unknown): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? change(value) : value));
}

/** The words of a text, which are separated by commas. */
export function words(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
