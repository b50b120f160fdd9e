import { RelayRules } from '../upstream/relay-rules.js';
import { headerList } from '../upstream/upstream-headers.js';
import type { UpstreamError } from '../upstream/upstream.error.js';
import type { ModelProvider } from './model-provider.js';

/** A wrong credential may be the cause of these statuses. It hardly ever causes others. */
export const CREDENTIAL_STATUSES: ReadonlySet<number | undefined> = new Set([400, 401, 402, 403, 429]);

/** The provider will be back by itself: 529 is Anthropic's. */
const BUSY_STATUSES: ReadonlySet<number | undefined> = new Set([503, 529]);
const REDIRECTS: ReadonlySet<number | undefined> = new Set([301, 302, 303, 307, 308]);
/** What OpenSSL makes of an answer in plain HTTP. */
const NO_TLS_CODES: ReadonlySet<string | undefined> = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_RECORD_LAYER_FAILURE',
]);
/** A TLS server answers plain HTTP with an alert, which is not HTTP, or not at all. */
const NO_HTTP_CODE = /^(HPE_.*|UND_ERR_SOCKET|ECONNRESET)$/;
/** Web servers answer 400 to plain HTTP at a TLS port, in words like "was sent to HTTPS port". */
const WANTS_HTTPS = /\bHTTPS (port|server)/i;

/** What an operator should check when the provider gives no list to any caller. */
export function adviceAfterFailure(provider: ModelProvider, error: UpstreamError): string {
  const { failure, code, details } = error;
  const { status, errorCode = '', innerCode } = details;
  const host = hostOf(provider);
  const engine = `${provider.identity.engine} at ${host}`;
  const variable = whereabouts(provider);
  if (details.advice !== undefined) return details.advice;
  if (NO_TLS_CODES.has(errorCode)) return `${host} does not speak TLS: ${variable} must begin with http://.`;
  if (REDIRECTS.has(status)) return adviceAfterRedirect(provider, error);
  if (BUSY_STATUSES.has(status) || code === 'overloaded') {
    return `${engine} is loading a model, or overloaded: it needs time, or more capacity.`;
  }
  if (innerCode !== undefined) return `${host} is a gateway, and its own provider fails: see the log there.`;
  if (status === 502 || status === 504)
    return `A proxy in front of ${engine} cannot reach it: check that it is up.`;
  if (status !== undefined && status >= 500)
    return `Something is wrong at ${host}: see the log of ${engine}.`;
  const timeLimit = failure === 'timeout' ? ', or raise UPSTREAM_TIMEOUT_MS' : '';
  const https =
    isPlainHttp(provider) && NO_HTTP_CODE.test(errorCode)
      ? `; if ${host} speaks TLS, it must begin with https://`
      : '';
  return `Check that ${engine} is up and that ${variable} is right${timeLimit}${https}.`;
}

/** Redirects are not followed, because the credential would go to another host. */
function adviceAfterRedirect(provider: ModelProvider, { details }: UpstreamError): string {
  const { url } = provider.settings ?? {};
  const variable = whereabouts(provider);
  const location = headerList(details.headers ?? {}, 'location');
  const isTarget = url !== undefined && location !== '' && URL.canParse(location, url.href);
  const target = isTarget ? new URL(location, url) : undefined;
  // The rest of the target may hold a secret.
  if (target === undefined || target.host === '')
    return `It redirects: change ${variable} to where the list is.`;
  if (target.origin === url?.origin) {
    return `It redirects to another path of ${target.host}: change ${variable} to where the list is.`;
  }
  const shown = new RelayRules(details).reasonForLog(`${target.protocol}//${target.host}`) ?? 'another host';
  return `It redirects to ${shown}: change ${variable} to that if you trust it with the key.`;
}

/** What an operator should check after a 4xx. */
export function adviceAfterRejection(provider: ModelProvider, { details }: UpstreamError): string {
  const { status, credential, body } = details;
  if (
    status === 400 &&
    isPlainHttp(provider) &&
    body !== undefined &&
    WANTS_HTTPS.test(body.toString('latin1'))
  ) {
    return `${hostOf(provider)} speaks TLS: ${whereabouts(provider)} must begin with https://.`;
  }
  const address = `${whereabouts(provider)} and the other settings of ${provider.identity.engine}`;
  if (status === 429) return 'Check the limits and the quota of that key.';
  if (!CREDENTIAL_STATUSES.has(status)) return `Check ${address}.`;
  if (credential === undefined)
    return `Set ${provider.settings?.keyVariables[0] ?? 'a key'}, or have callers send theirs.`;
  // Some vendors answer 400 to a wrong key, as to a wrong request.
  const isCertain = status === 401 || status === 403;
  return `Check that it is valid, and that it belongs to ${hostOf(provider)}${isCertain ? '' : `; else ${address}`}.`;
}

function isPlainHttp({ settings }: ModelProvider): boolean {
  return settings?.url?.protocol === 'http:';
}

/** The host that is asked. */
export function hostOf({ settings }: ModelProvider): string {
  return settings?.url?.host ?? 'no host';
}

/** The variable that leads to the provider. */
function whereabouts({ settings }: ModelProvider): string {
  return settings?.urlVariable ?? 'its address';
}
