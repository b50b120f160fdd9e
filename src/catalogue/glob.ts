/**
 * Whether a text matches a pattern in which `*` stands for any characters, slashes included, and `?` for one.
 *
 * The running time is at most the product of both lengths. Ids come from a provider: a crafted one could keep a
 * regular expression with several stars busy.
 */
export function matchesGlob(text: string, pattern: string): boolean {
  let textIndex = 0;
  let patternIndex = 0;
  /** The part of the pattern after the last star, which is tried again at `retryAt` after a mismatch. */
  let afterStar: number | undefined;
  let retryAt = 0;
  while (textIndex < text.length) {
    const character = pattern[patternIndex];
    if (character === '*') {
      patternIndex += 1;
      afterStar = patternIndex;
      retryAt = textIndex;
    } else if (character === '?' || character === text[textIndex]) {
      patternIndex += 1;
      textIndex += 1;
    } else if (afterStar === undefined) {
      return false;
    } else {
      patternIndex = afterStar;
      retryAt += 1;
      textIndex = retryAt;
    }
  }
  return /^\**$/.test(pattern.slice(patternIndex));
}

/** The patterns that match none of the models. */
export function idlePatterns(
  patterns: readonly string[],
  models: readonly { readonly id: string }[],
): string[] {
  return patterns.filter((pattern) => !models.some(({ id }) => matchesGlob(id, pattern)));
}
