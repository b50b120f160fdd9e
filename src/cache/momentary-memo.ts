/** How long a text is remembered at most, ms. */
const MOMENT_MS = 1000;
/** How many texts are remembered at most, and how long each may be. */
const MAX_TEXTS = 1000;
const MAX_LENGTH = 4096;

/** Computes a value once for each text, and forgets all texts within a second: they may hold credentials. */
export function memoizeForAMoment<V>(compute: (text: string) => V): (text: string) => V {
  const values = new Map<string, V>();
  return (text) => {
    const known = values.get(text);
    if (known !== undefined) return known;
    const value = compute(text);
    if (values.size === MAX_TEXTS || text.length > MAX_LENGTH) return value;
    if (values.size === 0) {
      setTimeout(() => {
        values.clear();
      }, MOMENT_MS).unref();
    }
    values.set(text, value);
    return value;
  };
}
