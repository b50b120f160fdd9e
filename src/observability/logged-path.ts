import type { FastifyRequest } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import { callerCredentials, isCredentialHeader } from '../credentials/caller-credential.js';
import type { Credential } from '../credentials/credential.js';
import { looksLikeKey } from '../credentials/likely-keys.js';
import { redact } from '../credentials/redact.js';
import { pathOf } from './request-target.js';

const MAX_LENGTH = 256;
const REDACTED = '[redacted]';

/** The path of a request as a log may show it. */
export type PathReader = (request: FastifyRequest) => string;

/**
 * Makes the function that reads the path that a request asked for: without its query and its host, at most 256
 * characters long and in visible ASCII. The caller's credential and segments that look like a key are redacted.
 * @param placeholders keys in lower case that are none
 */
export function pathReader(placeholders: ReadonlySet<string>): PathReader {
  return (request) => {
    const path = withoutQuery(request.originalUrl);
    // Nearly every request: nothing of its path is the caller's own.
    if (path === request.route) return path;
    const shown = visible(withoutKeys(withoutCredentials(pathOf(path), sentWith(request, placeholders))));
    return shown.length > MAX_LENGTH ? `${shown.slice(0, MAX_LENGTH)}...` : shown;
  };
}

function withoutKeys(path: string): string {
  if (!looksLikeKey(path)) return path;
  return path
    .split('/')
    .map((segment) => (looksLikeKey(segment) ? REDACTED : segment))
    .join('/');
}

function withoutQuery(target: string): string {
  const end = target.search(/[?#]/);
  return end < 0 ? target : target.slice(0, end);
}

/** Redacting takes longer than the rest of a line, and hardly any key is as short as a path. */
function withoutCredentials(path: string, sent: readonly Credential[]): string {
  const mayHold = sent.filter(({ token }) => token === undefined || token.length <= path.length);
  return mayHold.length === 0 ? path : redact(path, mayHold);
}

/** Of the headers as they arrived: the guard of the gateway's keys takes credentials out of the request. */
function sentWith({ raw: { rawHeaders } }: FastifyRequest, placeholders: ReadonlySet<string>): Credential[] {
  const headers: IncomingHttpHeaders = {};
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase();
    if (name !== undefined && isCredentialHeader(name)) headers[name] = rawHeaders[index + 1];
  }
  return callerCredentials(headers, placeholders);
}

/** Node.js reads each byte of a target as one character. A terminal would obey some of them. */
function visible(text: string): string {
  return text.replace(
    /[^\x21-\x7e]/g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
