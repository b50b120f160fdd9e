import { describe, expect, it } from '@jest/globals';
import { bypass } from './proxy-bypass.js';

describe('bypass', () => {
  it.each([
    ['', 'http://169.254.169.254/latest'],
    ['', 'http://169.254.170.2/v2/credentials'],
    ['', 'http://[fe80::1]/'],
    ['', 'http://[fd00:ec2::254]/'],
    ['', 'http://[::ffff:169.254.169.254]/'],
    ['', 'http://2852039166/'],
    ['', 'http://metadata.google.internal/'],
    ['*', 'https://a.test'],
    ['b.test,*', 'https://a.test'],
    ['a.test', 'https://a.test'],
    ['A.TEST', 'https://a.test.'],
    ['a.test', 'https://x.y.a.test'],
    ['.a.test', 'https://a.test'],
    ['*.a.test', 'https://x.a.test'],
    ['b.test a.test', 'https://a.test'],
    ['a.test:443', 'https://a.test'],
    ['a.test:80', 'http://a.test'],
    ['10.0.0.0/8', 'http://10.1.2.3:8000'],
    ['10.1.2.3', 'http://10.1.2.3'],
    ['127.0.0.1:8000', 'http://127.0.0.1:8000'],
    ['fd00::/8', 'http://[fd00::1]'],
    [' b.test ,, a.test ', 'https://a.test'],
    ['10.1.2.3/32', 'http://10.1.2.3'],
    ['fd00::/64', 'http://[fd00::1]'],
    ['fd00:0:0::1', 'http://[fd00::1]'],
    ['[::1]', 'http://[::1]:8000'],
    ['[::1]:8000', 'http://[::1]:8000'],
  ])('%j leaves out %s', (list, url) => {
    expect(bypass(list)(new URL(url))).toBe(true);
  });

  it.each([
    ['', 'http://127.0.0.1:8000'],
    ['a.test', 'https://aa.test'],
    ['a.test', 'https://a.test.evil.test'],
    ['a.test:8443', 'https://a.test'],
    ['10.0.0.0/8', 'http://11.1.2.3'],
    ['10.0.0.0/99, <local>, ://', 'http://10.1.2.3'],
    ['x10.0.0.0/8, 10.0.0.0/8x', 'http://10.1.2.3'],
    ['fd00::/8', 'http://[fe00::1]'],
    ['127.0.0.1:8000', 'http://127.0.0.1:8001'],
  ])('%j does not leave out %s', (list, url) => {
    expect(bypass(list)(new URL(url))).toBe(false);
  });
});
