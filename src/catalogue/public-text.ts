const MAX_DISPLAY_NAME_LENGTH = 200;
/** Control characters, halves of characters, and what is invisible or changes the direction of text. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
/**
 * Paths at the start of a word, drives and URLs (of buckets too), backslashes, and relative paths: a word of a name
 * may contain one slash, as ids do, but hardly two.
 */
const PATH =
  /(?:^|[^\p{L}\p{N}\s])[/]\S|(?:^|\s)[/~.]\S|:\/|\\|[^\s/]\/[^\s/]+\/[^\s/]|\$\w+\/|%\w+%|mailto:/u;
const E_MAIL_ADDRESS = /\S\s*@\s*\S/;

/** A name for people; undefined for what is no such text, or looks like a path or an e-mail address. */
export function displayText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_DISPLAY_NAME_LENGTH) return undefined;
  const text = value.trim();
  return text === '' || UNPRINTABLE.test(text) || isPrivate(text) ? undefined : text;
}

const MAX_DESCRIPTION_LENGTH = 500;
/** More of a text is not looked at. */
const MAX_READ_LENGTH = 4000;
const MARKDOWN_LINK = /\[([^[\]]{1,200})\]\([^()[\]\s]{1,500}\)/g;
const BLANKS = /[\s\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;

/**
 * What a model is, on one line. The text ends before the first sentence that has a path, a URL or an e-mail address.
 * @returns undefined for what is no text, or is nothing else
 */
export function descriptionText(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = oneLine(value.slice(0, MAX_READ_LENGTH).replace(MARKDOWN_LINK, '$1'));
  let length = 0;
  for (const sentence of text.split(/(?<=[.!?]) /)) {
    if (isPrivate(sentence)) break;
    length += sentence.length + 1;
    if (length > MAX_DESCRIPTION_LENGTH) break;
  }
  const description = shortened(text.slice(0, length).trim(), MAX_DESCRIPTION_LENGTH);
  return description === '' ? undefined : description;
}

/** A text on one line, without control characters and what is invisible. */
export function oneLine(text: string): string {
  return text.replace(BLANKS, ' ').trim();
}

/** Ends a text that is too long at a word. */
export function shortened(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  return `${text.slice(0, maxLength - 1).replace(/\s+\S*$|[\uD800-\uDBFF]$/, '')}…`;
}

function isPrivate(text: string): boolean {
  // NFKC turns characters of full width, an at sign for instance, into ASCII.
  const plain = text
    .normalize('NFKC')
    .replace(/[\u2044\u2215\u29f8]|%2f|&#47;|&sol;/gi, '/')
    .replace(/%40|&#64;|&commat;/gi, '@');
  return PATH.test(plain) || E_MAIL_ADDRESS.test(plain);
}
