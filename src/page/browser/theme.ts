import { byId } from './dom.js';

/** Lets a person choose between dark and light; until then the page follows the system. */
export function offerThemes(): void {
  const prefersDark = matchMedia('(prefers-color-scheme: dark)');
  const root = document.documentElement;
  const toggle = byId('theme', HTMLButtonElement);
  const isDark = (): boolean =>
    (root.dataset['theme'] ?? (prefersDark.matches ? 'dark' : 'light')) === 'dark';
  const label = (): void => {
    const name = isDark() ? 'Light colours' : 'Dark colours';
    toggle.setAttribute('aria-label', name);
    toggle.title = name;
  };
  toggle.addEventListener('click', () => {
    root.dataset['theme'] = isDark() ? 'light' : 'dark';
    label();
  });
  prefersDark.addEventListener('change', label);
  label();
}
