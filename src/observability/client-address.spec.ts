import { describe, expect, it } from '@jest/globals';
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { clientAddressReader } from './client-address.js';

const TRUSTED = [
  { address: '10.0.0.0', prefix: 8, family: 'ipv4' },
  { address: 'fd00::', prefix: 8, family: 'ipv6' },
] as const;
const read = clientAddressReader(TRUSTED);

function addressOf(sender: string | undefined, headers?: IncomingHttpHeaders): string | undefined {
  return read({ remoteAddress: sender } as Socket, headers);
}

describe('the address of a client', () => {
  it.each<[string, string, IncomingHttpHeaders, string]>([
    ['without a header', '10.0.0.1', {}, '10.0.0.1'],
    ['of a sender that is no trusted proxy', '192.0.2.9', { 'x-forwarded-for': '203.0.113.7' }, '192.0.2.9'],
    ['before a trusted proxy', '10.0.0.1', { 'x-forwarded-for': '203.0.113.7' }, '203.0.113.7'],
    ['before a proxy of IPv6', 'fd00::1', { 'x-forwarded-for': '2001:db8::7' }, '2001:db8::7'],
    ['of a socket for both families', '::ffff:10.0.0.1', { 'x-forwarded-for': '203.0.113.7' }, '203.0.113.7'],
    ['mapped in the header', '10.0.0.1', { 'x-forwarded-for': '::ffff:203.0.113.7' }, '203.0.113.7'],
    ['before two proxies', '10.0.0.1', { 'x-forwarded-for': '203.0.113.7, 10.0.0.2' }, '203.0.113.7'],
    [
      'that is forged',
      '10.0.0.1',
      { 'x-forwarded-for': '198.51.100.1, 203.0.113.7, 10.0.0.2' },
      '203.0.113.7',
    ],
    ['where all are proxies', '10.0.0.1', { 'x-forwarded-for': '10.0.0.3, 10.0.0.2' }, '10.0.0.3'],
    ['behind what is no address', '10.0.0.1', { 'x-forwarded-for': '203.0.113.7, <script>' }, '10.0.0.1'],
    [
      'behind an unknown one',
      '10.0.0.1',
      { 'x-forwarded-for': '203.0.113.7, unknown, 10.0.0.2' },
      '10.0.0.2',
    ],
    ['with a port', '10.0.0.1', { 'x-forwarded-for': '203.0.113.7:4711' }, '203.0.113.7'],
    ['an empty header', '10.0.0.1', { 'x-forwarded-for': '' }, '10.0.0.1'],
    ['in Forwarded', '10.0.0.1', { forwarded: 'for=192.0.2.43;proto=https;by=203.0.113.43' }, '192.0.2.43'],
    [
      'in Forwarded, IPv6',
      '10.0.0.1',
      { forwarded: 'proto=http;For="[2001:db8:cafe::17]:4711"' },
      '2001:db8:cafe::17',
    ],
    ['in Forwarded, two hops', '10.0.0.1', { forwarded: 'for=192.0.2.43, for=10.0.0.2' }, '192.0.2.43'],
    ['in Forwarded, hidden', '10.0.0.1', { forwarded: 'for=192.0.2.43, for=_hidden' }, '10.0.0.1'],
    ['in Forwarded without for', '10.0.0.1', { forwarded: 'for=192.0.2.43, proto=http' }, '10.0.0.1'],
    [
      'in both headers',
      '10.0.0.1',
      { forwarded: 'for=203.0.113.7', 'x-forwarded-for': '203.0.113.7' },
      '203.0.113.7',
    ],
    [
      'where the headers disagree',
      '10.0.0.1',
      { forwarded: 'for=198.51.100.1', 'x-forwarded-for': '203.0.113.7' },
      '10.0.0.1',
    ],
  ])('%s', (_name, sender, headers, expected) => {
    expect(addressOf(sender, headers)).toBe(expected);
  });

  it('is unknown for a connection that is closed', () => {
    expect(addressOf(undefined, { 'x-forwarded-for': '203.0.113.7' })).toBeUndefined();
  });

  it('is that of the sender for input that is no request', () => {
    expect(addressOf('10.0.0.1')).toBe('10.0.0.1');
  });

  it('is that of the sender where no proxy is trusted', () => {
    const reader = clientAddressReader([]);
    const socket = { remoteAddress: '10.0.0.1' } as Socket;
    expect(reader(socket, { 'x-forwarded-for': '203.0.113.7' })).toBe('10.0.0.1');
  });
});
