import { expect, it } from '@jest/globals';
import { isFromProxy } from './proxy-answer.js';
import type { UpstreamHeaders } from './upstream-headers.js';

it.each<[number, UpstreamHeaders, boolean]>([
  [407, {}, true],
  [400, {}, false],
  [503, { via: '1.1 squid' }, false],
  [400, { 'proxy-authenticate': 'Basic' }, true],
  [503, { 'x-squid-error': 'ERR_DNS_FAIL 0' }, true],
  [502, { 'proxy-status': 'proxy; error=dns_error' }, true],
  [502, { 'proxy-status': ['proxy', 'other;ERROR=x'] }, true],
  [502, { 'proxy-status': 'proxy; received-status=502' }, false],
  [200, { 'x-squid-error': 'x', 'proxy-status': 'proxy; error=x' }, false],
  [399, { 'proxy-authenticate': 'Basic' }, false],
])('a %d with %j is the answer of a proxy: %p', (status, headers, expected) => {
  expect(isFromProxy(status, headers)).toBe(expected);
});
