import { copyButton } from './copy.js';
import { element, marked } from './dom.js';
import { compact, price } from './format.js';
import { priceOf } from './model.js';
import type { Model } from './model.js';
import { lifecycleBadge, tags } from './tags.js';

/** Rows that are there although they are out of sight. */
const SPARE_ROWS = 6;
/** Before a row has been measured, px. */
const ASSUMED_ROW_HEIGHT = 64;
const MAX_TAGS = 4;

interface Events {
  readonly open: (model: Model) => void;
  /** The arrow keys have moved to a model. */
  readonly move: (model: Model) => void;
  /** The arrow keys leave the list at its top. */
  readonly leave: () => void;
  readonly announce: (message: string) => void;
}

/**
 * The list. It is as high as all of its rows are, but only rows in sight are elements, so a list of 100,000 models costs
 * no more than a short one. One row at a time is in the tab order; the arrow keys move from row to row.
 */
export class ModelListView {
  private models: readonly Model[] = [];
  private words: readonly string[] = [];
  private readonly rows = new Map<number, HTMLElement>();
  private rowHeight = ASSUMED_ROW_HEIGHT;
  private active = 0;
  private current: string | undefined;
  private isDrawing = false;

  constructor(
    private readonly list: HTMLElement,
    private readonly events: Events,
  ) {
    const draw = (): void => {
      this.drawSoon();
    };
    addEventListener('scroll', draw, { passive: true });
    new ResizeObserver(draw).observe(document.documentElement);
    list.addEventListener('keydown', (event) => {
      this.onKey(event);
    });
    list.addEventListener('focusin', ({ target }) => {
      const index = [...this.rows].find(([, row]) => row.contains(target as Node))?.[0];
      if (index !== undefined) this.activate(index);
    });
  }

  /**
   * Shows models.
   * @param words are marked in ids and names
   */
  show(models: readonly Model[], words: readonly string[]): void {
    this.models = models;
    this.words = words;
    this.active = 0;
    const { classList } = this.list;
    classList.toggle(
      'has-tags',
      models.some(({ capabilities }) => capabilities.length > 0),
    );
    classList.toggle(
      'has-context',
      models.some(({ context }) => context !== undefined),
    );
    classList.toggle(
      'has-price',
      models.some(({ prices }) => prices.length > 0),
    );
    this.clear();
    this.draw();
  }

  /** Marks the model whose details are open; undefined for none. */
  mark(id: string | undefined): void {
    this.current = id;
    for (const [index, row] of this.rows) this.markRow(index, row);
  }

  /** Moves the focus to the row that has it or would get it. */
  focus(): void {
    if (this.models.length > 0) this.moveTo(this.active);
  }

  private clear(): void {
    this.rows.clear();
    this.list.replaceChildren();
  }

  private drawSoon(): void {
    if (this.isDrawing) return;
    this.isDrawing = true;
    requestAnimationFrame(() => {
      this.isDrawing = false;
      this.draw();
    });
  }

  private draw(): void {
    if (this.models.length === 0) {
      this.list.style.height = '0';
      return;
    }
    this.measure();
    const top = -this.list.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(top / this.rowHeight) - SPARE_ROWS);
    const last = Math.min(
      this.models.length - 1,
      Math.ceil((top + innerHeight) / this.rowHeight) + SPARE_ROWS,
    );
    for (const [index, row] of this.rows) {
      // The row with the focus stays: an element that goes takes the focus along.
      if ((index < first || index > last) && index !== this.active) {
        row.remove();
        this.rows.delete(index);
      }
    }
    for (let index = first; index <= last; index += 1) this.rowAt(index);
  }

  /** A window of another width or another size of text changes the height of rows. */
  private measure(): void {
    const height = (this.rows.values().next().value ?? this.rowAt(0))?.offsetHeight ?? 0;
    if (height > 0 && height !== this.rowHeight) {
      this.rowHeight = height;
      for (const [index, row] of this.rows) this.place(index, row);
    }
    this.list.style.height = `${String(this.models.length * this.rowHeight)}px`;
  }

  private rowAt(index: number): HTMLElement | undefined {
    const known = this.rows.get(index);
    const model = this.models[index];
    if (known !== undefined || model === undefined) return known;
    const row = element('li', {
      'aria-setsize': String(this.models.length),
      'aria-posinset': String(index + 1),
    });
    row.append(...this.cells(model));
    row.classList.toggle('last', index === this.models.length - 1);
    this.place(index, row);
    this.markRow(index, row);
    // Readers and the tab key follow the order of elements.
    const next = [...this.rows].filter(([other]) => other > index).sort(([a], [b]) => a - b)[0]?.[1];
    this.list.insertBefore(row, next ?? null);
    this.rows.set(index, row);
    return row;
  }

  private cells(model: Model): Node[] {
    const { id, name, owner, context, capabilities } = model;
    const [input, output] = [shownPrice(model, 'prompt'), shownPrice(model, 'completion')];
    const open = element(
      'button',
      { type: 'button', class: 'open' },
      element(
        'span',
        { class: 'what' },
        element('span', { class: 'id' }, ...marked(id, this.words)),
        element(
          'span',
          { class: 'who' },
          lifecycleBadge(model),
          ...(name === undefined ? [] : [element('span', { class: 'name' }, ...marked(name, this.words))]),
          element('span', { class: 'owner' }, ...marked(owner, this.words)),
        ),
      ),
      element('span', { class: 'tags' }, ...tags(capabilities, MAX_TAGS)),
      element(
        'span',
        { class: 'figure context' },
        ...(context === undefined
          ? []
          : [element('b', {}, compact(context)), element('small', {}, 'context')]),
      ),
      element('span', { class: 'figure price' }, ...amount(input, 'in'), ...amount(output, 'out')),
    );
    open.addEventListener('click', () => {
      this.events.open(model);
    });
    return [open, copyButton(`Copy ${id}`, () => id, this.events.announce)];
  }

  private place(index: number, row: HTMLElement): void {
    row.style.transform = `translateY(${String(index * this.rowHeight)}px)`;
  }

  private markRow(index: number, row: HTMLElement): void {
    const isCurrent = this.current !== undefined && this.models[index]?.id === this.current;
    row.classList.toggle('current', isCurrent);
    for (const button of row.querySelectorAll('button')) button.tabIndex = index === this.active ? 0 : -1;
    openButton(row)?.setAttribute('aria-expanded', String(isCurrent));
  }

  private activate(index: number): void {
    if (index === this.active) return;
    const before = this.active;
    this.active = index;
    for (const each of [before, index]) {
      const row = this.rows.get(each);
      if (row !== undefined) this.markRow(each, row);
    }
    this.drawSoon();
  }

  private moveTo(index: number): void {
    const row = this.rowAt(index);
    if (row === undefined) return;
    this.activate(index);
    row.scrollIntoView({ block: 'nearest' });
    openButton(row)?.focus({ preventScroll: true });
  }

  private onKey(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(innerHeight / this.rowHeight) - 2);
    const last = this.models.length - 1;
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -last,
      End: last,
    };
    const step = Object.hasOwn(steps, event.key) ? steps[event.key] : undefined;
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (event.key === 'ArrowUp' && this.active === 0) {
      this.events.leave();
      return;
    }
    const target = Math.min(last, Math.max(0, this.active + step));
    this.moveTo(target);
    const model = this.models[target];
    if (model !== undefined) this.events.move(model);
  }
}

function openButton(row: HTMLElement): HTMLElement | null {
  return row.querySelector<HTMLElement>('.open');
}

/** A price, and what it is for. */
function amount(value: string | undefined, direction: string): Node[] {
  if (value === undefined) return [];
  return [element('span', {}, element('b', {}, value), ' ', element('small', {}, direction))];
}

function shownPrice(model: Model, name: string): string | undefined {
  const known = priceOf(model, name);
  return known === undefined ? undefined : price(name, known);
}
