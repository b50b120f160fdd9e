import { limitHeaderPrefixes, limitHeaderWords, requestIdHeaders } from '../config/engines.js';
import type { Credential } from '../credentials/credential.js';
import { oneLine, shortened } from '../catalogue/public-text.js';
import { couldReveal, redact, redactParts } from '../credentials/redact.js';
import { allHeaderLines, headerLines } from './upstream-headers.js';
import type { UpstreamErrorDetails } from './upstream.error.js';

/** Headers of a 4xx that tell clients when and how to retry. */
const RELAYED_HEADERS = /^(retry-after|retry-after-ms|x-ratelimit-.+)$/;
/** Headers of a 5xx that tell clients when to retry. */
const RETRY_HEADERS = /^retry-after(-ms)?$/;
/** What a provider says of a 5xx goes behind a sentence of this service, and into the log. */
const MAX_REASON_LENGTH = 300;
/** What node:http accepts as the value of a header. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** A machine-readable identifier, as opposed to prose and to a masked secret. */
const IDENTIFIER = /^(?=.{1,64}$)([a-z]+([_.:-][a-z]+)*|[A-Za-z]+(_[A-Za-z]+)*|\d{1,6})$/;
/** A number, a duration or a date. */
const MEASURE =
  /^(\d{1,16}(\.\d{1,6})?|(\d{1,9}(\.\d{1,9})?(ms|[smhd])){1,5}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT)$/;
/** Authentication schemes that providers and the proxies before them use. */
const SCHEMES = ['Bearer', 'Basic', 'Digest', 'DPoP', 'Negotiate', 'NTLM'];
/** Names of rate-limit headers consist of these words, and of those that vendors declare. */
const LIMIT_WORDS: ReadonlySet<string> = new Set(
  (
    'limit remaining reset used over request requests token tokens input output prompt generated cached audio images ' +
    'second minute hour day month project organization user resource status after ms policy'
  ).split(' '),
);
const USUAL_LIMIT_PREFIX = 'x-ratelimit-';
const MAX_LIMIT_NAME_LENGTH = 64;
/** A UUID, or letters and digits behind a word: `req_011CTgbD`, `Root=1-67891233-abcdef`. */
const REQUEST_ID =
  /^(?=.{1,48}$)([A-Za-z]{1,12}[ =_-])?([\dA-Za-z]{1,32}|\[redacted\])(-[\dA-Za-z]{1,32}){0,4}$/;
/** More values are no help, and to judge them takes long. */
const MAX_VALUES = 32;

/** Decides what callers and the log may show of a provider's 4xx or 5xx: providers repeat what they were sent. */
export class RelayRules {
  private readonly secrets: readonly Credential[];
  /** The caller may know its own credential, but no part of these. */
  private readonly operatorSecrets: readonly Credential[];
  /** What has passed where a secret of the operator was sent: pieces can be put together again. */
  private readonly passedValues: string[] = [];
  private readonly isRejection: boolean;

  constructor({ status = 400, credential, otherSecrets = [] }: UpstreamErrorDetails) {
    this.isRejection = status < 500;
    this.secrets = credential === undefined ? otherSecrets : [credential, ...otherSecrets];
    this.operatorSecrets = credential?.variable === undefined ? otherSecrets : this.secrets;
  }

  private get operatorSecretSent(): boolean {
    return this.operatorSecrets.length > 0;
  }

  /** Prose on one line, redacted. It may describe a secret of the operator in ways that cannot be found. */
  prose(text: string | undefined): string | undefined {
    const passed = this.passed(text, undefined);
    return passed === undefined ? undefined : oneLine(passed) || undefined;
  }

  /** Prose of a 5xx: at most 300 characters. */
  reason(text: string | undefined): string | undefined {
    return cutReason(this.prose(text));
  }

  /** Prose for the log of the operator, at most 300 characters, without any part of a credential. */
  reasonForLog(text: string | undefined): string | undefined {
    if (text === undefined) return undefined;
    // Cut first, as a long text takes long: what is cut off a part of a secret is less than a part.
    const start = oneLine(redact(text, this.secrets)).slice(0, 2 * MAX_REASON_LENGTH);
    return cutReason(redactParts(start, this.secrets));
  }

  /** A type, a parameter or a code, redacted. */
  identifier(text: string | undefined): string | undefined {
    return this.passed(text, IDENTIFIER);
  }

  /** The headers that help a client, in the form that node:http takes. */
  headers(headers: UpstreamErrorDetails['headers'] = {}): Record<string, string | string[]> {
    const relayed: Record<string, string | string[]> = {};
    const relay = (name: string, lines: readonly string[] | undefined): void => {
      const [first, ...others] = lines?.filter((line) => HEADER_VALUE.test(line)) ?? [];
      if (first !== undefined) relayed[name] = others.length === 0 ? first : [first, ...others];
    };
    const names = this.isRejection ? RELAYED_HEADERS : RETRY_HEADERS;
    for (const [name, lines] of allHeaderLines(headers)) {
      if (names.test(usualName(name)) && this.mayShowName(name)) relay(name, this.measures(lines));
    }
    if (this.isRejection)
      relay('www-authenticate', this.challenges(headerLines(headers, 'www-authenticate')));
    const requestIds = ['x-request-id', ...requestIdHeaders()].map((name) => headerLines(headers, name));
    const [requestId] = requestIds.find((lines) => lines.length > 0) ?? [];
    const passed = this.passed(requestId, REQUEST_ID);
    relay('x-upstream-request-id', passed === undefined ? undefined : [passed]);
    return relayed;
  }

  /**
   * The one rule: a value is redacted first and judged then. Where a secret of the operator was sent, only a value of
   * a known shape passes that holds no part of the secret, not even together with other values.
   * @param shape undefined for what has none
   */
  private passed(value: string | undefined, shape: RegExp | undefined): string | undefined {
    if (value === undefined) return undefined;
    const redacted = redact(value, this.secrets);
    if (!this.operatorSecretSent) return redacted;
    if (shape?.test(redacted) !== true || this.passedValues.length === MAX_VALUES) return undefined;
    const eitherSide = this.passedValues.flatMap((other) => [other, redacted]);
    const together = [...this.passedValues, redacted, ...eitherSide].join('');
    if (couldReveal(together, this.operatorSecrets)) return undefined;
    this.passedValues.push(redacted);
    return redacted;
  }

  /** Names come in lower case, in which nothing encoded can be found again. */
  private mayShowName(name: string): boolean {
    if (!this.operatorSecretSent) return redact(name, this.secrets) === name;
    return (
      (name.startsWith('retry-after') || isLimitHeader(usualName(name))) &&
      !couldReveal(name, this.operatorSecrets)
    );
  }

  /** The lines of a header, none when one of them must not pass. */
  private measures(lines: readonly string[]): readonly string[] | undefined {
    // A caller's own credential may be short and occur in a number.
    if (!this.operatorSecretSent && lines.every((line) => MEASURE.test(line))) return lines;
    const passed = lines.map((line) => this.passed(line, MEASURE)).filter((line) => line !== undefined);
    return passed.length === lines.length ? passed : undefined;
  }

  /** Where a secret of the operator was sent, the first known scheme: more lines, names and parameters may hold it. */
  private challenges(lines: readonly string[]): readonly string[] {
    const shown = this.operatorSecretSent ? lines.flatMap(knownScheme).slice(0, 1) : lines;
    return shown.map((line) => this.passed(line, /^\w+$/)).filter((line) => line !== undefined);
  }
}

function cutReason(text: string | undefined): string | undefined {
  return text ? shortened(text, MAX_REASON_LENGTH) : undefined;
}

/** The name of a header, with the usual beginning of rate-limit headers for a vendor's own. */
function usualName(name: string): string {
  const own = [...limitHeaderPrefixes()].find((prefix) => name.startsWith(prefix));
  return own === undefined ? name : USUAL_LIMIT_PREFIX + name.slice(own.length);
}

/** Whether the name of a header consists of known words only, behind the usual beginning. */
function isLimitHeader(name: string): boolean {
  if (!name.startsWith(USUAL_LIMIT_PREFIX) || name.length > MAX_LIMIT_NAME_LENGTH) return false;
  const words = name.slice(USUAL_LIMIT_PREFIX.length).split('-');
  return words.every((word) => LIMIT_WORDS.has(word) || limitHeaderWords().has(word));
}

/** The scheme of a challenge as this service writes it, if it is a known one. */
function knownScheme(challenge: string): string[] {
  const name = /^[^\s,]*/.exec(challenge)?.[0].toLowerCase();
  return SCHEMES.filter((scheme) => scheme.toLowerCase() === name);
}
