import { element, icon } from './dom.js';

const SHOWN_MS = 1600;

/** A button that copies a text, and says so. */
export function copyButton(
  label: string,
  textToCopy: () => string,
  announce: (message: string) => void,
): HTMLButtonElement {
  const button = element(
    'button',
    { type: 'button', class: 'icon-button copy', 'aria-label': label, title: label },
    icon('i-copy'),
  );
  button.addEventListener('click', () => {
    void copy(textToCopy(), button).then((isCopied) => {
      announce(isCopied ? 'Copied' : 'The browser does not allow copying');
      if (!isCopied) return;
      button.classList.add('done');
      button.replaceChildren(icon('i-check'));
      setTimeout(() => {
        button.classList.remove('done');
        button.replaceChildren(icon('i-copy'));
      }, SHOWN_MS);
    });
  });
  return button;
}

/** Browsers offer their clipboard to pages over HTTPS and on localhost only; the older way works everywhere. */
async function copy(textToCopy: string, near: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(textToCopy);
    return true;
  } catch {
    const source = element('textarea', {
      class: 'copied',
      readonly: '',
      'aria-hidden': 'true',
      tabindex: '-1',
    });
    source.value = textToCopy;
    // Inside of an open dialog, which takes the focus back from elsewhere.
    near.after(source);
    source.select();
    const run = (document as { execCommand?: (command: string) => boolean }).execCommand;
    const isCopied = run?.call(document, 'copy') ?? false;
    source.remove();
    near.focus();
    return isCopied;
  }
}
