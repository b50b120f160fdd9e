import type { Catalogue } from './client.js';
import { byId, element } from './dom.js';
import { countsOf, isOrder, NO_FILTER } from './filter.js';
import type { Filter } from './filter.js';
import { whole, words } from './format.js';

/** A choice that can be on or off. */
interface Choice {
  readonly value: string;
  readonly label: string;
  /** Undefined for a provider that gave no list. */
  readonly count: number | undefined;
}

/** Search, order and filters. */
export class FilterView {
  readonly search = byId('search', HTMLInputElement);
  private readonly order = byId('order', HTMLSelectElement);
  private readonly owner = byId('owner', HTMLSelectElement);
  private readonly engines = byId('engines', HTMLElement);
  private readonly capabilities = byId('capabilities', HTMLElement);

  /** @param onChange the person wants to see something else */
  constructor(private readonly onChange: () => void) {
    this.search.addEventListener('input', onChange);
    this.order.addEventListener('change', onChange);
    this.owner.addEventListener('change', onChange);
  }

  /** What the person wants to see. */
  get filter(): Filter {
    const { value } = this.order;
    return {
      search: this.search.value,
      engines: pressedIn(this.engines),
      capabilities: pressedIn(this.capabilities),
      owner: this.owner.value,
      order: isOrder(value) ? value : NO_FILTER.order,
    };
  }

  /** Offers what there is in a list; what is chosen stays so. */
  offer({ models, engines, missing }: Catalogue): void {
    const { filter } = this;
    this.offerChips(
      this.engines,
      [
        ...engines
          .filter(([value, count]) => count > 0 || !missing.some(([other]) => other === value))
          .map(([value, count]) => ({ value, label: value, count })),
        ...missing
          .filter(([value]) => !engines.some(([other, count]) => other === value && count > 0))
          .map(([value]) => ({ value, label: value, count: undefined })),
      ],
      filter.engines,
    );
    this.offerChips(
      this.capabilities,
      countsOf(models, ({ capabilities }) => capabilities).map(([value, count]) => ({
        value,
        label: words(value),
        count,
      })),
      filter.capabilities,
    );
    const owners = countsOf(models, ({ owner }) => (owner === '' ? [] : [owner]));
    this.owner.replaceChildren(
      element('option', { value: '' }, 'All owners'),
      ...owners.map(([value, count]) => element('option', { value }, `${value} (${whole(count)})`)),
    );
    this.owner.value = owners.some(([owner]) => owner === filter.owner) ? filter.owner : '';
    this.owner.hidden = owners.length < 2;
    const isKnown = {
      newest: new Set(models.map(({ created }) => created)).size > 1,
      context: models.some(({ context }) => context !== undefined),
      price: models.some(({ prices }) => prices.length > 0),
    };
    for (const option of this.order.options) {
      option.hidden = option.value in isKnown && !isKnown[option.value as keyof typeof isKnown];
    }
    this.order.hidden = models.length < 2;
  }

  /** Shows all models again, in the order chosen. */
  clear(): void {
    this.search.value = '';
    this.owner.value = '';
    for (const chip of document.querySelectorAll('.chip[aria-pressed=true]'))
      chip.setAttribute('aria-pressed', 'false');
    this.onChange();
  }

  private offerChips(group: HTMLElement, choices: readonly Choice[], chosen: ReadonlySet<string>): void {
    group.hidden = choices.length < 2 && chosen.size === 0;
    group
      .querySelector('.chips')
      ?.replaceChildren(...choices.map((choice) => this.chip(choice, chosen.has(choice.value))));
  }

  private chip({ value, label, count }: Choice, isChosen: boolean): HTMLElement {
    const isMissing = count === undefined;
    const chip = element(
      'button',
      {
        type: 'button',
        class: 'chip',
        value,
        'data-word': value,
        'aria-pressed': String(isChosen && !isMissing),
        disabled: isMissing ? '' : undefined,
      },
      element('span', {}, label),
      element('small', {}, isMissing ? 'missing' : whole(count)),
    );
    chip.addEventListener('click', () => {
      chip.setAttribute('aria-pressed', String(chip.getAttribute('aria-pressed') !== 'true'));
      this.onChange();
    });
    return chip;
  }
}

function pressedIn(group: HTMLElement): ReadonlySet<string> {
  const pressed = group.querySelectorAll<HTMLButtonElement>('[aria-pressed=true]');
  return new Set([...pressed].map(({ value }) => value));
}
