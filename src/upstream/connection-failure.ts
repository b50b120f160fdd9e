import { errors } from 'undici';
import { CertificateDateError } from './connector.js';
import { errorCode } from './error-code.js';
import { ProxyError } from './proxy-error.js';
import { ClosedUnansweredError } from './undici.adapter.js';
import { UpstreamError } from './upstream.error.js';
import type { UpstreamErrorDetails, UpstreamFailure } from './upstream.error.js';
import type { UpstreamRoute } from './upstream.route.js';

/** undici's error codes for answers that are malformed or too large. */
const INVALID_CODES: ReadonlyMap<string, string> = new Map([
  ['UND_ERR_HEADERS_OVERFLOW', 'The response headers of the provider are too large.'],
  ['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'The response of the provider is larger than the limit.'],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'The response of the provider does not match its Content-Length.'],
]);

/** Node.js' codes for a certificate whose authority is not known. */
const UNKNOWN_AUTHORITY =
  /^(UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(_LOCALLY)?)|(DEPTH_ZERO_)?SELF_SIGNED_CERT(_IN_CHAIN)?)$/;
/** What a server says when it gets no client certificate, or one that it does not accept. OpenSSL's versions differ. */
const CLIENT_CERTIFICATE =
  /_ALERT_(CERTIFICATE_(REQUIRED|UNKNOWN|EXPIRED|REVOKED)|NO_CERTIFICATE|(BAD|UNSUPPORTED)_CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED)$/;
/** An answer that is no TLS. */
const NO_TLS =
  /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNKNOWN_PROTOCOL|RECORD_LAYER_FAILURE)$/;
/** How a TLS record with an alert begins, which is no HTTP. */
const TLS_ALERT = String.fromCharCode(0x15, 0x03);

/**
 * Converts an error of undici or Node.js into an `UpstreamError`.
 * Only the error's code reaches the message: the library's texts can contain header values.
 */
export function connectionFailure(
  error: unknown,
  route: UpstreamRoute,
  details: UpstreamErrorDetails,
): UpstreamError {
  if (error instanceof ProxyError) return proxyFailure(error, details);
  const code = errorCode(error);
  // The proxy of an `http://` provider is the other end of the connection.
  if (route.isRelayed && route.proxy !== undefined && error instanceof ClosedUnansweredError)
    return proxyFailure(new ProxyError(route.proxy, code), details);
  const [failure, message] = classify(code, error, route);
  return new UpstreamError(failure, message, { ...details, errorCode: code });
}

/** The failure of a proxy, by what it answered or by the code of the connection to it. */
export function proxyFailure(
  { host, variable, reason }: ProxyError,
  details: UpstreamErrorDetails,
): UpstreamError {
  const advice = `Check the proxy ${host} that ${variable} names; NO_PROXY lists what is asked without it.`;
  const proxy = `The proxy ${host} of ${variable}`;
  if (typeof reason === 'string') {
    return new UpstreamError('unreachable', `${proxy} cannot be reached (${reason}).`, {
      ...details,
      advice,
    });
  }
  const what =
    reason === 407
      ? 'wants another user name and password'
      : reason < 500
        ? 'refuses the request'
        : 'cannot reach the provider';
  return new UpstreamError('unreachable', `${proxy} ${what}: it answered ${String(reason)}.`, {
    ...details,
    advice,
    status: reason,
  });
}

function classify(code: string, error: unknown, route: UpstreamRoute): [UpstreamFailure, string] {
  const invalid = INVALID_CODES.get(code);
  if (invalid !== undefined) return ['invalid', invalid];
  if (error instanceof errors.HTTPParserError) {
    return isTlsAlert(error)
      ? ['unreachable', unreachable(code, 'its port speaks TLS, so the URL has to begin with https://')]
      : ['invalid', 'The provider sent a response that is not HTTP.'];
  }
  // undici reports a stray 100 Continue or 101 Switching Protocols with these words.
  if (error instanceof Error && /^bad (response|upgrade)$/.test(error.message)) {
    return ['failed', 'The provider answered with an interim status (1xx) only.'];
  }
  return ['unreachable', unreachable(code, explanation(code, error, route))];
}

function unreachable(code: string, explained: string | undefined): string {
  return `The provider cannot be reached (${code})${explained === undefined ? '' : `: ${explained}`}.`;
}

/** What the code means to an operator, where it leads to a setting. */
function explanation(
  code: string,
  error: unknown,
  { origin, certificates }: UpstreamRoute,
): string | undefined {
  const { authorities, certificate, key } = certificates.files;
  const clientCertificate = `a client certificate, as ${certificate.variable} and ${key.variable} name one`;
  if (error instanceof CertificateDateError) {
    const word = code === 'CERT_HAS_EXPIRED' ? 'expired on' : 'is not valid before';
    return `its certificate ${word} ${error.date}`;
  }
  if (UNKNOWN_AUTHORITY.test(code)) {
    return `no trusted authority has signed its certificate, and ${authorities.variable} names no file with the authority’s own`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'its certificate is not for the host in the URL';
  if (CLIENT_CERTIFICATE.test(code))
    return `it wants ${clientCertificate}, or does not accept the one it got`;
  if (NO_TLS.test(code)) return 'its port does not speak TLS, so the URL has to begin with http://';
  if (!(error instanceof ClosedUnansweredError)) return undefined;
  return origin.startsWith('https:')
    ? `it closed the connection without an answer, as one does that wants ${clientCertificate}`
    : 'it closed the connection without an answer, as one does whose port speaks TLS, for a URL with https://';
}

/** Whether the bytes that are no HTTP are those of TLS. */
function isTlsAlert({ data }: errors.HTTPParserError & { readonly data?: unknown }): boolean {
  return typeof data === 'string' && data.startsWith(TLS_ALERT);
}
