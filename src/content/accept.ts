/** How much a client wants a media type, and how exactly it says so. */
interface Preference {
  /** From 0 to 1. */
  readonly weight: number;
  /** 2 for the type itself, 1 for the range of its first part, 0 for all types; -1 where no range matches. */
  readonly precision: number;
}

const UNWANTED: Preference = { weight: 0, precision: -1 };

/**
 * Whether `Accept` prefers HTML to JSON. Of the same weight, the type that is named more exactly is preferred; a client
 * that takes anything, such as curl, prefers neither.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1
 */
export function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  const html = preferenceFor('text/html', accept);
  const json = preferenceFor('application/json', accept);
  if (html.weight !== json.weight) return html.weight > json.weight;
  return html.weight > 0 && html.precision > json.precision;
}

/** The most precise range that matches a type decides. Items that are malformed are left out. */
function preferenceFor(type: string, accept: string): Preference {
  const [group = ''] = type.split('/');
  const ranges = ['*/*', `${group}/*`, type];
  let preference = UNWANTED;
  for (const item of accept.toLowerCase().split(',')) {
    const [range = '', ...parameters] = item.split(';').map((part) => part.trim());
    const precision = ranges.indexOf(range);
    const weight = weightOf(parameters);
    if (weight !== undefined && precision > preference.precision) preference = { weight, precision };
  }
  return preference;
}

/** Undefined for a malformed weight. */
function weightOf(parameters: readonly string[]): number | undefined {
  const parameter = parameters.find((each) => /^q\s*=/.test(each));
  if (parameter === undefined) return 1;
  const [, weight] = /^q\s*=\s*([01](?:\.\d*)?)$/.exec(parameter) ?? [];
  return weight === undefined ? undefined : Math.min(1, Number(weight));
}
