import { headerList, headerLines } from './upstream-headers.js';
import type { UpstreamHeaders } from './upstream-headers.js';

/**
 * Whether a proxy that was asked for an `http://` URL has answered itself, instead of the provider. `Via` says nothing:
 * proxies add it to what they pass on, too.
 * @see https://www.rfc-editor.org/rfc/rfc9209#section-2.1 for `Proxy-Status`
 */
export function isFromProxy(status: number, headers: UpstreamHeaders): boolean {
  if (status < 400) return false;
  return (
    status === 407 ||
    ['proxy-authenticate', 'x-squid-error'].some((name) => headerLines(headers, name).length > 0) ||
    /;\s*error=/i.test(headerList(headers, 'proxy-status'))
  );
}
