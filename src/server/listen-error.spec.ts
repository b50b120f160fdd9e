import { describe, expect, it } from '@jest/globals';
import { explainListenError, ListenError } from './listen-error.js';

/** An error as Node.js makes them. */
function systemError(code: string, syscall: string, port?: number): Error {
  return Object.assign(new Error(`${syscall} ${code}: SECRET0`), {
    code,
    syscall,
    address: 'SECRET0',
    ...(port !== undefined && { port }),
  });
}

describe('explainListenError', () => {
  it.each<[code: string, syscall: string, port: number | undefined, message: string]>([
    ['ENOTFOUND', 'getaddrinfo', undefined, 'HOST cannot be resolved to an address'],
    ['EAI_AGAIN', 'getaddrinfo', undefined, 'HOST cannot be resolved to an address'],
    ['EADDRNOTAVAIL', 'listen', 8000, 'HOST is not an address of this machine'],
    ['EAFNOSUPPORT', 'listen', 8000, 'HOST is an IPv6 address, and this machine has no IPv6'],
    ['EINVAL', 'listen', undefined, 'HOST needs the name of its network interface, as in fe80::1%eth0'],
    ['EADDRINUSE', 'listen', 8000, 'PORT 8000 is in use by another process'],
    ['EADDRINUSE', 'listen', 9464, 'METRICS_PORT 9464 is in use by another process'],
    ['EACCES', 'listen', 80, 'PORT 80 is not allowed for this user; ports from 1024 on usually are'],
    ['EPERM', 'listen', 8000, 'HOST and PORT 8000 cannot be used'],
  ])('of %s from %s at port %s', (code, syscall, port, message) => {
    const error = explainListenError(systemError(code, syscall, port), 9464);
    expect(error).toBeInstanceOf(ListenError);
    expect(error).toHaveProperty('message', `The service cannot listen: ${message} (${code}).`);
  });

  it.each([systemError('ECONNREFUSED', 'connect', 6379), new Error('a bug'), 'a text', undefined])(
    'leaves %s alone',
    (error) => {
      expect(explainListenError(error, 9464)).toBe(error);
    },
  );
});
