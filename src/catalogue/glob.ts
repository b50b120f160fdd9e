/**
 * Whether a text matches a pattern in which `*` stands for any characters, slashes included, and `?` for one.
 *
 * Takes at most the product of both lengths: what is matched comes from a provider, and a regular expression with
 * several stars could be kept busy by an id that is made for it.
 */
export function matchesGlob(text: string, pattern: string): boolean {
  let at = 0;
  let expected = 0;
  /** Where to go on when the characters after the last star turn out to be others. */
  let afterStar: number | undefined;
  let retryAt = 0;
  while (at < text.length) {
    const character = pattern[expected];
    if (character === '*') {
      expected += 1;
      afterStar = expected;
      retryAt = at;
    } else if (character === '?' || character === text[at]) {
      expected += 1;
      at += 1;
    } else if (afterStar === undefined) {
      return false;
    } else {
      expected = afterStar;
      retryAt += 1;
      at = retryAt;
    }
  }
  return /^\**$/.test(pattern.slice(expected));
}
