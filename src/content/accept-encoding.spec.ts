import { describe, expect, it } from '@jest/globals';
import { acceptedCoding, negotiate } from './accept-encoding.js';
import type { Coding } from './content-coding.js';

const ALL: readonly Coding[] = ['br', 'zstd', 'gzip'];

function codingFor(header: string, available = ALL): Coding | undefined {
  return negotiate(header, available).coding;
}

describe('Accept-Encoding', () => {
  it.each<[string, Coding | undefined]>([
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, deflate, zstd', 'zstd'],
    ['gzip, deflate', 'gzip'],
    ['gzip,br', 'br'],
    ['gzip;q=1.0, br;q=0.5', 'gzip'],
    ['br;q=0.001', 'br'],
    ['br;q=0, gzip', 'gzip'],
    ['br;q=0.000, gzip;q=0', undefined],
    ['GZIP', 'gzip'],
    ['Br ; Q=0.3 ,\tgzip ; q=0.2', 'br'],
    ['x-gzip', 'gzip'],
    ['x-br', undefined],
    ['*', 'br'],
    ['*;q=0.5, br;q=0', 'zstd'],
    ['*;q=0.5, gzip', 'gzip'],
    ['*;q=0, gzip', 'gzip'],
    ['*;q=0', undefined],
    ['identity', undefined],
    ['identity, gzip', 'gzip'],
    ['identity, gzip;q=0.5', undefined],
    ['identity;q=0.5, gzip;q=0.5', 'gzip'],
    ['identity;q=0, gzip;q=0.1', 'gzip'],
    ['identity;q=0', undefined],
    ['deflate, compress', undefined],
    ['', undefined],
    [' , ,', undefined],
    ['gzip;q=abc', undefined],
    ['gzip;level=9', undefined],
    ['gzip br', undefined],
    ['gzipped', undefined],
    [`${'a,'.repeat(5000)}gzip`, 'gzip'],
  ])('%j: %s', (header, coding) => {
    expect(codingFor(header)).toBe(coding);
  });

  it('means what is available', () => {
    expect(codingFor('zstd, gzip;q=0.5', ['br', 'gzip'])).toBe('gzip');
    expect(codingFor('zstd', ['br', 'gzip'])).toBeUndefined();
  });

  it.each([
    ['gzip', false],
    ['gzip, identity;q=0.1', false],
    ['gzip, identity;q=0', true],
    ['gzip, *;q=0', true],
    ['gzip, *;q=0.1', false],
    // Nothing is left to choose.
    ['identity;q=0', false],
  ])('%j refuses a body as it is: %s', (header, isRequired) => {
    expect(negotiate(header, ALL).isRequired).toBe(isRequired);
  });

  it('is read once', () => {
    expect(acceptedCoding('gzip, deflate')).toBe(acceptedCoding('gzip, deflate'));
    expect(acceptedCoding(undefined).coding).toBeUndefined();
    const long = `gzip${',a'.repeat(200)}`;
    expect(acceptedCoding(long)).not.toBe(acceptedCoding(long));
  });
});
