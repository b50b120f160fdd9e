const SVG = 'http://www.w3.org/2000/svg';

/** Texts become text nodes, never markup. */
export type Child = Node | string | undefined;

/**
 * Creates an element.
 * @param attributes those that are undefined are left out
 */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | undefined>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) created.setAttribute(name, value);
  }
  created.append(...children.filter((child) => child !== undefined));
  return created;
}

/**
 * An element of the page.
 * @throws Error when the page has none of this id and type
 */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`#${id} is missing`);
}

/** An icon of the page's, for the eye only. */
export function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#${name}`);
  svg.append(use);
  return svg;
}

/** A text with the words of a search marked. */
export function marked(text: string, words: readonly string[]): Child[] {
  const lower = text.toLowerCase();
  // A few letters change their length with their case.
  if (words.length === 0 || lower.length !== text.length) return [text];
  const children: Child[] = [];
  let end = 0;
  while (end < text.length) {
    const [start, word] = nextOf(lower, words, end);
    if (word === '') break;
    children.push(text.slice(end, start), element('mark', {}, text.slice(start, start + word.length)));
    end = start + word.length;
  }
  return [...children, text.slice(end)];
}

/** Where the first of some words begins. */
function nextOf(
  text: string,
  words: readonly string[],
  from: number,
): readonly [start: number, word: string] {
  let first: readonly [number, string] = [text.length, ''];
  for (const word of words) {
    const start = text.indexOf(word, from);
    if (start >= 0 && start < first[0]) first = [start, word];
  }
  return first;
}
