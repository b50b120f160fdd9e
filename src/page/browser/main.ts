import { askForModels, Failure, folderOf } from './client.js';
import type { Catalogue } from './client.js';
import { DetailsView } from './details.js';
import { byId, element } from './dom.js';
import type { Child } from './dom.js';
import { apply, isSelective, wordsOf } from './filter.js';
import { FilterView } from './filter-view.js';
import { counted, whole } from './format.js';
import { KeyForm } from './key-form.js';
import { emptyMessage, failureMessage, missingNotice, noMatchMessage, staleNotice } from './messages.js';
import { ModelListView } from './model-list.js';
import { offerThemes } from './theme.js';

/** An answer that comes sooner needs no sign of waiting, ms. */
const QUIET_WAIT_MS = 150;

const folder = folderOf(location.href);
const status = byId('status', HTMLElement);
const notices = byId('notices', HTMLElement);
const message = byId('message', HTMLElement);
const main = byId('main', HTMLElement);
const reload = byId('reload', HTMLButtonElement);
let catalogue: Catalogue | undefined;
let request: AbortController | undefined;

const announce = (text: string): void => {
  byId('announcement', HTMLElement).textContent = text;
};
const keyForm = new KeyForm(() => {
  void load(false);
});
const filters = new FilterView(() => {
  show();
});
const details = new DetailsView(byId('details', HTMLDialogElement), {
  closed: () => {
    main.classList.remove('with-details');
    list.mark(undefined);
    // A filter that changes the list closes them as well, and keeps the focus.
    const { activeElement } = document;
    if (activeElement === document.body || byId('details', HTMLElement).contains(activeElement)) list.focus();
  },
  announce,
});
const list = new ModelListView(byId('list', HTMLElement), {
  open: (model) => {
    list.mark(model.id);
    main.classList.add('with-details');
    details.show(model);
  },
  move: (model) => {
    if (!details.isOpen) return;
    list.mark(model.id);
    details.show(model);
  },
  leave: () => {
    filters.search.focus();
  },
  announce,
});

/** Asks for the list, and shows it or why there is none. */
async function load(isFresh: boolean): Promise<void> {
  request?.abort();
  request = new AbortController();
  const { signal } = request;
  const { key } = keyForm;
  const waiting = setTimeout(() => {
    main.classList.add('waiting');
  }, QUIET_WAIT_MS);
  const isReloading = document.activeElement === reload;
  reload.disabled = true;
  try {
    const answer = await askForModels({ folder, key, isFresh, signal });
    if (signal.aborted) return;
    catalogue = answer;
    filters.offer(answer);
    show();
  } catch (error) {
    if (signal.aborted) return;
    catalogue = undefined;
    showFailure(error instanceof Failure ? error : new Failure(0, String(error)));
  } finally {
    clearTimeout(waiting);
    if (!signal.aborted) {
      main.classList.remove('waiting', 'starting');
      reload.disabled = false;
      // A button that is disabled loses the focus.
      if (isReloading && document.activeElement === document.body) reload.focus();
    }
  }
}

/** Shows what the person wants to see of the list. */
function show(): void {
  if (catalogue === undefined) return;
  const { models } = catalogue;
  const { filter } = filters;
  const wanted = apply(models, filter);
  main.classList.toggle('without-models', models.length === 0);
  notices.replaceChildren(
    ...[missingNotice(catalogue), staleNotice(catalogue)].filter((each) => each !== undefined),
  );
  status.textContent = isSelective(filter)
    ? `${whole(wanted.length)} of ${counted(models.length, 'model')}`
    : counted(models.length, 'model');
  details.close();
  list.show(wanted, wordsOf(filter.search));
  byId('prices', HTMLElement).hidden = wanted.every(({ prices }) => prices.length === 0);
  if (models.length === 0) message.replaceChildren(emptyMessage(keyForm.key !== '', again(), useKey()));
  else if (wanted.length === 0) message.replaceChildren(noMatchMessage(action('Show all models', clear)));
  else message.replaceChildren();
}

function showFailure(failure: Failure): void {
  details.close();
  list.show([], []);
  notices.replaceChildren();
  status.textContent = '';
  main.classList.add('without-models');
  const wantsKey = failure.status === 401 || failure.status === 403;
  message.replaceChildren(
    failureMessage(failure, keyForm.key !== '', again(), wantsKey ? useKey() : undefined),
  );
  if (failure.status === 401) keyForm.open();
}

function clear(): void {
  filters.clear();
  filters.search.focus();
}

function again(): Child {
  return action('Try again', () => {
    void load(true);
  });
}

function useKey(): Child {
  return action(keyForm.key === '' ? 'Use a key' : 'Use another key', () => {
    keyForm.open();
  });
}

function action(label: string, act: () => void): HTMLButtonElement {
  const button = element('button', { type: 'button', class: 'button' }, label);
  button.addEventListener('click', act);
  return button;
}

/** `/` goes to the search, Escape one step back. */
function onKey(event: KeyboardEvent): void {
  const { key, target } = event;
  if (event.altKey || event.ctrlKey || event.metaKey || document.querySelector('dialog:modal') !== null)
    return;
  const isTyping = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
  if (key === '/' && !isTyping) {
    event.preventDefault();
    filters.search.focus();
    filters.search.select();
  } else if (key === 'ArrowDown' && target === filters.search) {
    event.preventDefault();
    list.focus();
  } else if (key === 'Escape') {
    if (keyForm.isOpen) keyForm.close();
    else if (details.isOpen) details.close();
    else if (isSelective(filters.filter)) clear();
  }
}

reload.addEventListener('click', () => {
  void load(true);
});
addEventListener('keydown', onKey);
for (const link of document.querySelectorAll<HTMLAnchorElement>('#docs'))
  link.href = new URL('docs', folder).href;
offerThemes();
void load(false);
