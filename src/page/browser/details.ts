import { copyButton } from './copy.js';
import { element, icon } from './dom.js';
import { compact, day, price, unitOf, whole, words } from './format.js';
import type { Model } from './model.js';
import { lifecycleBadge, tags } from './tags.js';

/** From this width on, details stand beside the list. */
const WIDE = matchMedia('(min-width: 64rem)');

interface Events {
  readonly closed: () => void;
  readonly announce: (message: string) => void;
}

/** What is known of one model: beside the list where there is room, else over it. */
export class DetailsView {
  constructor(
    private readonly dialog: HTMLDialogElement,
    private readonly events: Events,
  ) {
    dialog.addEventListener('close', () => {
      // It may be open again, in its other form.
      if (!this.isOpen) events.closed();
    });
    dialog.addEventListener('click', ({ target }) => {
      // The dialog itself is hit beside its content only: on its backdrop.
      if (target === dialog && dialog.matches(':modal')) dialog.close();
    });
    WIDE.addEventListener('change', () => {
      if (this.isOpen) this.open();
    });
  }

  get isOpen(): boolean {
    return this.dialog.open;
  }

  /** Shows a model; the focus stays where it is, unless the list is covered. */
  show(model: Model): void {
    this.dialog.replaceChildren(this.content(model));
    this.dialog.scrollTop = 0;
    this.open();
  }

  close(): void {
    if (this.isOpen) this.dialog.close();
  }

  private open(): void {
    const isModal = this.dialog.matches(':modal');
    if (this.isOpen && isModal !== WIDE.matches) return;
    this.dialog.close();
    if (WIDE.matches) this.dialog.setAttribute('open', '');
    else {
      this.dialog.showModal();
      this.dialog.querySelector<HTMLElement>('.close')?.focus();
    }
  }

  private content(model: Model): HTMLElement {
    const { id, name, description, row } = model;
    const json = JSON.stringify(row, null, 2);
    const close = element(
      'button',
      { type: 'button', class: 'icon-button close', 'aria-label': 'Close' },
      icon('i-close'),
    );
    close.addEventListener('click', () => {
      this.close();
    });
    return element(
      'div',
      { class: 'sheet' },
      element(
        'header',
        {},
        element(
          'div',
          { class: 'title' },
          element('h2', { id: 'details-title' }, name ?? id),
          element('div', { class: 'copyable' }, element('code', {}, id), this.copy('Copy the id', id)),
        ),
        close,
      ),
      lifecycleBadge(model),
      description === undefined ? undefined : element('p', {}, description),
      model.capabilities.length === 0
        ? undefined
        : element('div', { class: 'tags' }, ...tags(model.capabilities)),
      element(
        'dl',
        {},
        ...factsOf(model).flatMap(([term, value]) => [element('dt', {}, term), element('dd', {}, value)]),
      ),
      ...pricesOf(model),
      ...parametersOf(model),
      element('div', { class: 'heading' }, element('h3', {}, 'JSON'), this.copy('Copy the JSON', json)),
      element('pre', { tabindex: '0', 'aria-label': 'JSON' }, json),
    );
  }

  private copy(label: string, text: string): HTMLButtonElement {
    return copyButton(label, () => text, this.events.announce);
  }
}

/** What is known, in the order in which people ask. */
function factsOf({
  context,
  maxOutput,
  inputs,
  outputs,
  engine,
  owner,
  created,
  lifecycle,
  deprecates,
  ends,
}: Model): (readonly [string, string])[] {
  const known: readonly (readonly [string, string | undefined])[] = [
    ['Context', said(context, tokens)],
    ['Longest answer', said(maxOutput, tokens)],
    ['Input', inputs.map(words).join(', ')],
    ['Output', outputs.map(words).join(', ')],
    ['Provider', engine],
    ['Owner', owner],
    ['Created', said(created, day)],
    ['Lifecycle', lifecycle],
    ['Deprecated', said(deprecates, day)],
    ['Ends', ends],
  ];
  return known.filter((fact): fact is readonly [string, string] => fact[1] !== undefined && fact[1] !== '');
}

function said(value: number | undefined, write: (value: number) => string | undefined): string | undefined {
  return value === undefined ? undefined : write(value);
}

function tokens(value: number): string {
  return value < 1000 ? `${whole(value)} tokens` : `${compact(value)} (${whole(value)} tokens)`;
}

function pricesOf({ prices }: Model): HTMLElement[] {
  if (prices.length === 0) return [];
  const rows = prices.map(([name, value]) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, PRICE_NAMES.get(name) ?? words(name)),
      element('td', {}, price(name, value)),
      element('td', {}, Number(value) > 0 ? `for ${unitOf(name)}` : ''),
    ),
  );
  return [element('h3', {}, 'Prices'), element('table', {}, element('tbody', {}, ...rows))];
}

const PRICE_NAMES: ReadonlyMap<string, string> = new Map([
  ['prompt', 'input'],
  ['completion', 'output'],
  ['internal_reasoning', 'reasoning'],
  ['input_cache_read', 'input from the cache'],
  ['input_cache_write', 'input into the cache'],
]);

function parametersOf({ parameters }: Model): HTMLElement[] {
  if (parameters.length === 0) return [];
  return [
    element('h3', {}, 'Parameters'),
    element(
      'div',
      { class: 'tags' },
      ...parameters.map((each) => element('code', { class: 'parameter' }, each)),
    ),
  ];
}
