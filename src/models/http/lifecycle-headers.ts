import { lifecycleDates } from '../../catalogue/model-metadata.js';
import type { Model } from '../../catalogue/model.js';

/**
 * The headers that say when a model's support ends; undefined for none.
 * @see https://www.rfc-editor.org/rfc/rfc9745 Deprecation
 * @see https://www.rfc-editor.org/rfc/rfc8594 Sunset
 */
export function lifecycleHeaders({ metadata = {} }: Model): Readonly<Record<string, string>> | undefined {
  const { deprecates, ends } = lifecycleDates(metadata);
  if (deprecates === undefined && ends === undefined) return undefined;
  return {
    ...(deprecates !== undefined && { deprecation: `@${String(deprecates)}` }),
    ...(ends !== undefined && { sunset: new Date(ends * 1000).toUTCString() }),
  };
}
