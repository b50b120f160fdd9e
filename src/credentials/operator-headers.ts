import type { Headers } from '../config/rules/headers.js';
import { authorizationCredential } from './credential.js';
import type { Credential } from './credential.js';

/** What is shorter is no secret, and stands in numbers and words that are none. */
const MIN_SECRET_LENGTH = 6;

/** What the operator adds to every request to a provider. */
export class OperatorHeaders {
  /** What providers repeat of them has to be struck out. */
  readonly secrets: readonly Credential[];

  constructor(readonly headers: Headers) {
    this.secrets = Object.values(headers)
      .filter(({ length }) => length >= MIN_SECRET_LENGTH)
      .map(authorizationCredential);
  }
}

export const NO_HEADERS = new OperatorHeaders({});
