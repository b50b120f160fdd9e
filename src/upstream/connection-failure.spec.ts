import { describe, expect, it } from '@jest/globals';
import { errors } from 'undici';
import { keyCredential } from '../credentials/credential.js';
import { CertificateDateError } from './connector.js';
import { connectionFailure } from './connection-failure.js';
import type { Proxy } from './proxies.js';
import { ProxyError } from './proxy-error.js';
import { ClosedUnansweredError } from './undici.adapter.js';
import type { UpstreamRoute } from './upstream.route.js';

const FILES = {
  authorities: { variable: 'CA_FILE', path: undefined },
  certificate: { variable: 'CERT_FILE', path: undefined },
  key: { variable: 'KEY_FILE', path: undefined },
};
const PROXY: Proxy = {
  variable: 'HTTP_PROXY',
  current: { host: 'proxy.test:3128' } as Proxy['current'],
  onChange: undefined,
};
const DETAILS = { credential: keyCredential('sk-secret'), retried: true };
const ADVICE =
  'Check the proxy proxy.test:3128 that HTTP_PROXY names; NO_PROXY lists what is asked without it.';

function failureOf(error: unknown, route: Partial<UpstreamRoute> = {}) {
  const { failure, message, details } = connectionFailure(
    error,
    {
      origin: 'https://provider.test',
      isRelayed: false,
      certificates: { files: FILES },
      ...route,
    } as UpstreamRoute,
    DETAILS,
  );
  return { failure, message, details };
}

const coded = (code: string): Error => Object.assign(new Error(`SECRET ${code}`), { code });

describe('a connection that fails', () => {
  it('has the code of the error and none of its words', () => {
    expect(failureOf(coded('ECONNREFUSED'))).toEqual({
      failure: 'unreachable',
      message: 'The provider cannot be reached (ECONNREFUSED).',
      details: { ...DETAILS, errorCode: 'ECONNREFUSED' },
    });
    expect(failureOf('SECRET').message).toBe('The provider cannot be reached (unknown).');
  });

  const AUTHORITY =
    'no trusted authority has signed its certificate, and CA_FILE names no file with the authority’s own';
  const CLIENT =
    'it wants a client certificate, as CERT_FILE and KEY_FILE name one, or does not accept the one it got';
  const PLAIN = 'its port does not speak TLS, so the URL has to begin with http://';

  it.each([
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', AUTHORITY],
    ['UNABLE_TO_GET_ISSUER_CERT', AUTHORITY],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', AUTHORITY],
    ['SELF_SIGNED_CERT_IN_CHAIN', AUTHORITY],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', AUTHORITY],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is not for the host in the URL'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', CLIENT],
    ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', CLIENT],
    ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', CLIENT],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', CLIENT],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', CLIENT],
    ['ERR_SSL_WRONG_VERSION_NUMBER', PLAIN],
    ['ERR_SSL_PACKET_LENGTH_TOO_LONG', PLAIN],
  ])('leads from %s to a setting', (code, explanation) => {
    expect(failureOf(coded(code)).message).toBe(`The provider cannot be reached (${code}): ${explanation}.`);
  });

  it.each([
    'UNABLE_TO_GET_CRL',
    'SELF_SIGNED_CERT_IN_CHAIN_X',
    'X_SELF_SIGNED_CERT',
    'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA_X',
    'ERR_SSL_NO_CERTIFICATE',
    'X_ERR_SSL_HTTP_REQUEST',
    'ERR_SSL_HTTP_REQUEST_X',
    'CERT_HAS_EXPIRED',
  ])('leads from %s to none', (code) => {
    expect(failureOf(coded(code)).message).toBe(`The provider cannot be reached (${code}).`);
  });

  it.each([
    ['CERT_HAS_EXPIRED', 'expired on'],
    ['CERT_NOT_YET_VALID', 'is not valid before'],
  ])('names the date of a certificate: %s', (code, words) => {
    expect(failureOf(new CertificateDateError(code, 'Nov 27 2026')).message).toBe(
      `The provider cannot be reached (${code}): its certificate ${words} Nov 27 2026.`,
    );
  });

  it.each([
    [
      'https://provider.test',
      'it closed the connection without an answer, as one does that wants a client certificate, as CERT_FILE and KEY_FILE name one',
    ],
    [
      'http://provider.test',
      'it closed the connection without an answer, as one does whose port speaks TLS, for a URL with https://',
    ],
  ])('may be closed without an answer by %s', (origin, explanation) => {
    expect(failureOf(new ClosedUnansweredError('ECONNRESET'), { origin }).message).toBe(
      `The provider cannot be reached (ECONNRESET): ${explanation}.`,
    );
  });
});

/** undici's error for bytes that are no HTTP; its type does not have them. */
const noHttp = (data: string | undefined): Error =>
  Object.assign(new errors.HTTPParserError('SECRET'), { code: 'HPE_INVALID_CONSTANT', data });

describe('an answer that cannot be read', () => {
  it.each([
    ['UND_ERR_HEADERS_OVERFLOW', 'The response headers of the provider are too large.'],
    ['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'The response of the provider is larger than the limit.'],
    [
      'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
      'The response of the provider does not match its Content-Length.',
    ],
  ])('is invalid: %s', (code, message) => {
    expect(failureOf(coded(code))).toEqual({
      failure: 'invalid',
      message,
      details: { ...DETAILS, errorCode: code },
    });
  });

  it('is no HTTP', () => {
    for (const data of [undefined, 'SECRET', '\u0015']) {
      expect(failureOf(noHttp(data))).toMatchObject({
        failure: 'invalid',
        message: 'The provider sent a response that is not HTTP.',
      });
    }
  });

  it('is an alert of TLS', () => {
    const data = '\u0015\u0003\u0001\u0000\u0002\u0002\u0016';
    expect(failureOf(noHttp(data))).toMatchObject({
      failure: 'unreachable',
      message:
        'The provider cannot be reached (HPE_INVALID_CONSTANT): its port speaks TLS, so the URL has to begin with https://.',
    });
  });

  it.each([
    ['bad response', 'failed'],
    ['bad upgrade', 'failed'],
    ['bad responses', 'unreachable'],
    ['a bad response', 'unreachable'],
  ])('has an interim status, where undici says "%s": %s', (message, failure) => {
    expect(failureOf(new errors.SocketError(message)).failure).toBe(failure);
    expect(failureOf({ message }).failure).toBe('unreachable');
  });
});

describe('a proxy', () => {
  it.each([
    ['ECONNREFUSED', 'cannot be reached (ECONNREFUSED).', undefined],
    [407, 'wants another user name and password: it answered 407.', 407],
    [403, 'refuses the request: it answered 403.', 403],
    [499, 'refuses the request: it answered 499.', 499],
    [500, 'cannot reach the provider: it answered 500.', 500],
  ])('that answers %s is named', (reason, words, status) => {
    const { failure, message, details } = failureOf(new ProxyError(PROXY, reason));
    expect([failure, message]).toEqual(['unreachable', `The proxy proxy.test:3128 of HTTP_PROXY ${words}`]);
    expect(details).toEqual({ ...DETAILS, advice: ADVICE, ...(status !== undefined && { status }) });
  });

  it('that sends the requests is the one that closes the connection', () => {
    const error = new ClosedUnansweredError('EPIPE');
    const origin = 'http://provider.test';
    expect(failureOf(error, { origin, isRelayed: true, proxy: PROXY })).toMatchObject({
      message: 'The proxy proxy.test:3128 of HTTP_PROXY cannot be reached (EPIPE).',
      details: { advice: ADVICE },
    });
    // Through a tunnel, the provider does.
    expect(failureOf(error, { proxy: PROXY }).message).toMatch(/^The provider/);
    expect(failureOf(coded('EPIPE'), { origin, isRelayed: true, proxy: PROXY }).message).toMatch(
      /^The provider/,
    );
  });
});
