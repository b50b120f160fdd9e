import { IsOptional } from 'class-validator';
import { combine, defineRule, transformText, words } from './define-rule.js';
import { urlMistake, withMistake } from './mistakes.js';

/** Segments that mean the same everywhere, and no path at which the gateway itself serves something. */
const BASE_PATH =
  /^(?!\/(?:(?:(?:v1|openai)\/)?(?:v1\/)?models|metrics|healthz|readyz|docs)(?:\/|$))(?:\/[\w-]+)*$/;

/** The beginning of a URL's path; the value has no slash at its end. */
export function IsBasePath(): PropertyDecorator {
  return combine(
    transformText((text) => text.replace(/\/+$/, '')),
    defineRule(
      'isBasePath',
      'must be a path such as /llm, of letters, digits, - and _, that is none of the gateway itself',
      (value) => typeof value === 'string' && BASE_PATH.test(value),
    ),
  );
}

/** `*`, or origins separated by commas; the value is an array of them as browsers write them. */
export function IsOrigins(): PropertyDecorator {
  return combine(
    transformText((text) => words(text).map((word) => originOf(word) ?? word)),
    defineRule(
      'isOrigins',
      'must be * or origins such as https://app.example.com or app://name, without a path, separated by commas',
      (value) =>
        Array.isArray(value) && value.every((each: string) => each === '*' || originOf(each) !== undefined),
    ),
  );
}

/** The origin of a URL of any scheme that is nothing more; undefined for any other text. */
function originOf(text: string): string | undefined {
  if (!/^[a-z][a-z\d+.-]*:\/\/[^*]+$/i.test(text) || !URL.canParse(text) || urlMistake(text) !== undefined)
    return undefined;
  // The class `URL` has no origin for most schemes.
  const { href, protocol, host } = new URL(text);
  const origin = `${protocol}//${host}`;
  return href === origin || href === `${origin}/` ? origin : undefined;
}

/** The rule that marks the variables of providers' base URLs. */
export const BASE_URL_RULE = 'isBaseUrl';

/** The base URL of a provider: an absolute http or https URL without credentials, which have their own variables. */
export function IsBaseUrl(): PropertyDecorator {
  return httpUrl(BASE_URL_RULE);
}

/** The same, or a host alone, which means https. */
export function IsHost(): PropertyDecorator {
  return combine(
    transformText((text) => (text.includes('://') ? text : `https://${text}`)),
    IsBaseUrl(),
  );
}

/** An absolute http or https URL without credentials. */
export function IsHttpUrl(): PropertyDecorator {
  return httpUrl('isHttpUrl');
}

function httpUrl(name: string): PropertyDecorator {
  return combine(
    IsOptional(),
    defineRule(
      name,
      (value) =>
        withMistake(
          'must be an http:// or https:// URL without a user name or password in it',
          value,
          urlMistake,
        ),
      (value) => {
        if (typeof value !== 'string' || !/^https?:\/\//i.test(value) || !URL.canParse(value)) return false;
        if (urlMistake(value) !== undefined) return false;
        const { username, password } = new URL(value);
        return username === '' && password === '';
      },
    ),
  );
}

/** Whether the percent escapes of a text are valid. */
export function canDecode(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
