import { describe, expect, it } from '@jest/globals';
import type { IncomingHttpHeaders } from 'node:http';
import { retryAfterMs } from './retry-after.js';

const NOW = Date.UTC(2026, 10, 26, 12);

describe('retryAfterMs', () => {
  it.each<[Record<string, string | string[]>, number | undefined]>([
    [{}, undefined],
    [{ 'retry-after': '30' }, 30_000],
    [{ 'retry-after': '1.5' }, 1500],
    [{ 'retry-after': '1.25' }, 1250],
    [{ 'retry-after': 'Thu, 26 Nov 2026 12:00:20 GMT' }, 20_000],
    [{ 'retry-after-ms': '1250', 'retry-after': '2' }, 1250],
    [{ 'retry-after': ['x', '7'] }, 7000],
    // At most five minutes.
    [{ 'retry-after': '86400' }, 300_000],
    [{ 'retry-after': '9'.repeat(400) }, 300_000],
    [{ 'retry-after': 'Fri, 26 Nov 2027 12:00:00 GMT' }, 300_000],
    // Nothing that could be waited for.
    [{ 'retry-after': '0' }, undefined],
    [{ 'retry-after': '-5' }, undefined],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '' }, undefined],
    [{ 'retry-after': 'Thu, 26 Nov 2026 11:59:59 GMT' }, undefined],
    [{ 'retry-after-ms': 'x', 'retry-after': '3' }, 3000],
  ])('of %j is %s', (headers, expected) => {
    // undici gives lines that come twice as an array, which the type does not know of every header.
    expect(retryAfterMs(headers as IncomingHttpHeaders, NOW)).toBe(expected);
  });
});
