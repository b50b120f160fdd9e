import { readKey } from './client.js';
import { byId } from './dom.js';

/** The field for a person's own key. The key is in the memory of this page only. */
export class KeyForm {
  /** Empty for none. */
  key = '';
  private readonly form = byId('key-form', HTMLFormElement);
  private readonly field = byId('key', HTMLInputElement);
  private readonly problem = byId('key-problem', HTMLElement);
  private readonly toggle = byId('key-toggle', HTMLButtonElement);
  private readonly forget = byId('key-forget', HTMLButtonElement);

  /** @param onChange the person has entered another key, or none */
  constructor(private readonly onChange: () => void) {
    this.toggle.addEventListener('click', () => {
      if (this.isOpen) this.close();
      else this.open();
    });
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      const key = readKey(this.field.value);
      if (key === undefined) this.complain('A key has letters, digits and signs only, without spaces.');
      else this.use(key);
    });
    this.forget.addEventListener('click', () => {
      this.use('');
    });
  }

  get isOpen(): boolean {
    return !this.form.hidden;
  }

  open(): void {
    this.form.hidden = false;
    this.toggle.setAttribute('aria-expanded', 'true');
    this.field.focus();
  }

  /** Closes the form; the focus goes back to what opened it. */
  close(): void {
    const hadFocus = this.form.contains(document.activeElement);
    this.form.hidden = true;
    this.toggle.setAttribute('aria-expanded', 'false');
    if (hadFocus) this.toggle.focus();
  }

  private use(key: string): void {
    this.key = key;
    this.complain('');
    // The field of a form may be offered to a password manager, or be restored with the page.
    this.field.value = '';
    this.forget.hidden = key === '';
    this.toggle.classList.toggle('in-use', key !== '');
    byId('key-label', HTMLElement).textContent = key === '' ? 'Use a key' : 'Your key is used';
    this.close();
    this.onChange();
  }

  private complain(problem: string): void {
    this.problem.textContent = problem;
    this.field.setAttribute('aria-invalid', String(problem !== ''));
  }
}
