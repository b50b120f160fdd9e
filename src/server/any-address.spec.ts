import { describe, expect, it } from '@jest/globals';
import { hasIpv6 } from '../../test/support/has-ipv6.js';
import { anyAddress } from './any-address.js';

describe('the address that stands for all of this machine', () => {
  it('serves IPv6 and IPv4', async () => {
    expect(await anyAddress()).toBe(hasIpv6() ? '::' : '0.0.0.0');
  });

  it('serves IPv4 where the other one cannot be listened on', async () => {
    expect(await anyAddress('2001:db8::1')).toBe('0.0.0.0');
  });
});
