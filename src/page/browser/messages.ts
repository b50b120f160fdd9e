import type { Catalogue, Failure } from './client.js';
import { element, icon } from './dom.js';
import type { Child } from './dom.js';
import { duration } from './format.js';
import { reasonOf } from './reasons.js';

/** What a list lacks; undefined for a whole one. */
export function missingNotice({ missing, engines }: Catalogue): HTMLElement | undefined {
  if (missing.length === 0) return undefined;
  const hasModels = missing.every(([engine]) =>
    engines.some(([other, count]) => other === engine && count > 0),
  );
  const what = missing.length === 1 ? 'A provider is missing.' : 'Providers are missing.';
  return notice(
    element('strong', {}, hasModels ? 'The list is incomplete.' : what),
    element(
      'ul',
      {},
      ...missing.map(([engine, code]) =>
        element('li', {}, element('b', {}, engine), ` ${reasonOf(code)} `, element('code', {}, code)),
      ),
    ),
  );
}

/** Says that a list is old; undefined for a fresh one. */
export function staleNotice({ staleFor }: Catalogue): HTMLElement | undefined {
  if (staleFor === undefined) return undefined;
  return notice(
    element('strong', {}, `This list is ${duration(staleFor)} old.`),
    ' The gateway shows the last one that it has, and asks for a newer one meanwhile.',
  );
}

function notice(...children: Child[]): HTMLElement {
  return element('div', { class: 'notice' }, icon('i-warning'), element('div', {}, ...children));
}

/** Why there is no list. */
export function failureMessage(failure: Failure, hasKey: boolean, ...actions: Child[]): HTMLElement {
  const { status, code, requestId, retryAfter } = failure;
  const facts = [
    status === 0 ? undefined : `HTTP ${String(status)}`,
    code,
    requestId === undefined ? undefined : `request ${requestId}`,
  ].filter((fact) => fact !== undefined);
  return message(
    'alert',
    'i-warning',
    headingOf(status, hasKey),
    element('p', { class: 'said' }, failure.message),
    retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter)
      ? element('p', {}, `Try again in ${duration(Number(retryAfter))}.`)
      : undefined,
    facts.length === 0
      ? undefined
      : element('p', { class: 'facts' }, ...facts.map((fact) => element('code', {}, fact))),
    element('p', { class: 'actions' }, ...actions),
  );
}

function headingOf(status: number, hasKey: boolean): string {
  switch (status) {
    case 0:
      return 'The gateway cannot be reached';
    case 401:
      return hasKey ? 'This key was refused' : 'A key is needed';
    case 403:
      return hasKey ? 'This key may not see the models' : 'The models may not be seen';
    case 429:
      return 'Too many requests';
    case 502:
      return 'The provider gave no list';
    case 503:
      return 'The gateway is busy';
    default:
      return status < 300 ? 'This is no list of models' : 'There is no list';
  }
}

/** A list without models. */
export function emptyMessage(hasKey: boolean, ...actions: Child[]): HTMLElement {
  return message(
    'status',
    'i-empty',
    'The list is empty',
    element('p', {}, `The provider answered${hasKey ? ' to your key' : ''}, and listed no model.`),
    element(
      'p',
      {},
      'If you run this gateway: an engine that is not built in lists nothing without a base URL, and ',
      element('code', {}, 'MODELS_ALLOW'),
      ', ',
      element('code', {}, 'MODELS_DENY'),
      ' and ',
      element('code', {}, 'MODELS_TYPES'),
      ' leave models out.',
    ),
    element('p', { class: 'actions' }, ...actions),
  );
}

/** A filter that leaves out every model. */
export function noMatchMessage(...actions: Child[]): HTMLElement {
  return message(
    'status',
    'i-empty',
    'No model matches',
    element('p', {}, 'Other words or fewer filters may find some.'),
    element('p', { class: 'actions' }, ...actions),
  );
}

function message(role: string, symbol: string, heading: string, ...children: Child[]): HTMLElement {
  return element('div', { class: 'message', role }, icon(symbol), element('h2', {}, heading), ...children);
}
