import { element } from './dom.js';
import { words } from './format.js';
import type { Model } from './model.js';

/** Capabilities as coloured words; the style knows the colours. */
export function tags(capabilities: readonly string[], max = capabilities.length): HTMLElement[] {
  const more = capabilities.length - max;
  const shown = more > 0 ? capabilities.slice(0, max - 1) : capabilities;
  const rest = capabilities.slice(shown.length);
  return [
    ...shown.map((each) => element('span', { class: 'tag', 'data-word': each }, words(each))),
    ...(rest.length > 0
      ? [element('span', { class: 'tag more', title: rest.map(words).join(', ') }, `+${String(rest.length)}`)]
      : []),
  ];
}

/** A badge for a model that ends or has ended; undefined for others. */
export function lifecycleBadge({ lifecycle, ends }: Model): HTMLElement | undefined {
  if (lifecycle !== 'deprecated' && lifecycle !== 'retired' && ends === undefined) return undefined;
  const word = lifecycle === undefined || lifecycle === 'active' ? `ends ${ends ?? ''}` : lifecycle;
  return element('span', { class: `badge ${lifecycle === 'retired' ? 'bad' : 'warn'}` }, word);
}
