import type { Headers } from '../config/rules/headers.js';
import { authorizationCredential } from './credential.js';
import type { Credential } from './credential.js';

/** Shorter values are not redacted: they are no secrets, and they occur in ordinary words and numbers. */
const MIN_SECRET_LENGTH = 6;

/** The headers that the operator adds to every request to a provider. */
export class OperatorHeaders {
  /** Values that are redacted where a provider repeats them. */
  readonly secrets: readonly Credential[];

  constructor(readonly headers: Headers) {
    this.secrets = secretValues(Object.values(headers));
  }
}

/** What may be secret in the query string of a base URL: gateways take keys there. Versions are none. */
export function querySecrets({ searchParams }: URL): readonly Credential[] {
  return secretValues(
    [...searchParams].filter(([name]) => !/version$/i.test(name)).map(([, value]) => value),
  );
}

function secretValues(values: readonly string[]): readonly Credential[] {
  return values.filter(({ length }) => length >= MIN_SECRET_LENGTH).map(authorizationCredential);
}

export const NO_HEADERS = new OperatorHeaders({});
