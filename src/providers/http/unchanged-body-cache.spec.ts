import { describe, expect, it } from '@jest/globals';
import { UnchangedBodyCache } from './unchanged-body-cache.js';

const MIB = 1024 * 1024;

describe('UnchangedBodyCache', () => {
  it('returns the list of the same bytes, for each URL', () => {
    const bodies = new UnchangedBodyCache<string>();
    bodies.set('/1', Buffer.from('a'), 'one');
    bodies.set('/2', Buffer.from('b'), 'two');
    expect(bodies.get('/1', Buffer.from('a'))).toBe('one');
    expect(bodies.get('/2', Buffer.from('b'))).toBe('two');
  });

  it.each([
    ['another URL', '/2', 'a'],
    ['other bytes', '/1', 'b'],
    ['more bytes', '/1', 'aa'],
    ['fewer bytes', '/1', ''],
  ])('returns nothing for %s', (_name, url, body) => {
    const bodies = new UnchangedBodyCache<string>();
    bodies.set('/1', Buffer.from('a'), 'one');
    expect(bodies.get(url, Buffer.from(body))).toBeUndefined();
  });

  it('keeps only the last body', () => {
    const bodies = new UnchangedBodyCache<string>();
    bodies.set('/1', Buffer.from('a'), 'one');
    bodies.set('/1', Buffer.from('b'), 'two');
    expect(bodies.get('/1', Buffer.from('a'))).toBeUndefined();
    expect(bodies.get('/1', Buffer.from('b'))).toBe('two');
  });

  it('never holds more than 8 MiB', () => {
    const bodies = new UnchangedBodyCache<string>();
    const large = Buffer.alloc(4 * MIB);
    bodies.set('/1', large, 'one');
    bodies.set('/2', large, 'two');
    expect([bodies.get('/1', large), bodies.get('/2', large)]).toEqual(['one', 'two']);
    const drop = Buffer.alloc(1);
    bodies.set('/3', drop, 'three');
    expect([bodies.get('/1', large), bodies.get('/2', large), bodies.get('/3', drop)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('counts a body that is replaced only once', () => {
    const bodies = new UnchangedBodyCache<string>();
    for (let size = 1; size <= 6; size += 1) bodies.set('/1', Buffer.alloc(size * MIB), 'one');
    expect(bodies.get('/1', Buffer.alloc(6 * MIB))).toBe('one');
  });
});
