import { describe, expect, it } from '@jest/globals';
import { UnchangedBodyCache } from './unchanged-body-cache.js';

const MIB = 1024 * 1024;
const NOW = 1_764_216_000;
const never = (): boolean => false;
const isNow = (seconds: number): boolean => Math.abs(seconds - NOW) < 10;

describe('UnchangedBodyCache', () => {
  it('returns the list of the same bytes, for each URL', () => {
    const bodies = new UnchangedBodyCache<string>();
    bodies.set('/1', Buffer.from('a'), 'one', never);
    bodies.set('/2', Buffer.from('b'), 'two', never);
    expect(bodies.get('/1', Buffer.from('a'), never)).toBe('one');
    expect(bodies.get('/2', Buffer.from('b'), never)).toBe('two');
  });

  it.each([
    ['another URL', '/2', 'a'],
    ['other bytes', '/1', 'b'],
    ['more bytes', '/1', 'aa'],
    ['fewer bytes', '/1', ''],
  ])('returns nothing for %s', (_name, url, body) => {
    const bodies = new UnchangedBodyCache<string>();
    bodies.set('/1', Buffer.from('a'), 'one', never);
    expect(bodies.get(url, Buffer.from(body), never)).toBeUndefined();
  });

  it('keeps only the last body', () => {
    const bodies = new UnchangedBodyCache<string>();
    bodies.set('/1', Buffer.from('a'), 'one', never);
    bodies.set('/1', Buffer.from('b'), 'two', never);
    expect(bodies.get('/1', Buffer.from('a'), never)).toBeUndefined();
    expect(bodies.get('/1', Buffer.from('b'), never)).toBe('two');
  });

  it('never holds more than 8 MiB', () => {
    const bodies = new UnchangedBodyCache<string>();
    const large = Buffer.alloc(4 * MIB);
    bodies.set('/1', large, 'one', never);
    bodies.set('/2', large, 'two', never);
    expect([bodies.get('/1', large, never), bodies.get('/2', large, never)]).toEqual(['one', 'two']);
    const drop = Buffer.alloc(1);
    bodies.set('/3', drop, 'three', never);
    expect([
      bodies.get('/1', large, never),
      bodies.get('/2', large, never),
      bodies.get('/3', drop, never),
    ]).toEqual([undefined, undefined, undefined]);
  });

  it('counts a body that is replaced only once', () => {
    const bodies = new UnchangedBodyCache<string>();
    const drop = Buffer.alloc(1);
    bodies.set('/2', drop, 'two', never);
    for (const size of [1, 2, 3, 4, 5, 6, 1]) bodies.set('/1', Buffer.alloc(size * MIB), 'one', never);
    expect([bodies.get('/1', Buffer.alloc(MIB), never), bodies.get('/2', drop, never)]).toEqual([
      'one',
      'two',
    ]);
  });

  describe('of a server that makes its rows at each request', () => {
    const row = (created: number, permission = '0a1b2c3d4e5f6071'): string =>
      `{"data":[{"id":"a","created":${String(created)},"permission":[{"id":"modelperm-${permission}","created":${String(created)}}]}]}`;

    function known(first: string, second: string): string | undefined {
      const bodies = new UnchangedBodyCache<string>();
      bodies.set('/1', Buffer.from(first), 'one', isNow);
      return bodies.get('/1', Buffer.from(second), isNow);
    }

    it.each([
      ['dates', row(NOW), row(NOW + 3)],
      ['ids of permissions', row(NOW), row(NOW, 'ffffffffffffffff')],
      ['both', row(NOW - 3), row(NOW + 3, 'ffffffffffffffff')],
      [
        'dates with blanks',
        `[{"created": ${String(NOW)}, "id": "a"}]`,
        `[{"created": ${String(NOW + 1)}, "id": "a"}]`,
      ],
    ])('returns the list of a body with other %s', (_name, first, second) => {
      expect(known(first, second)).toBe('one');
    });

    it.each([
      ['a date that is not now', row(NOW), row(NOW - 60)],
      ['a date that was not now', row(NOW - 60), row(NOW)],
      ['another model', row(NOW), row(NOW + 1).replace('"a"', '"b"')],
      ['another end', `${row(NOW)} `, `${row(NOW + 1)}x`],
      ['another length', row(NOW), `${row(NOW + 1)} `],
      ['no number for a date', row(NOW), row(NOW).replace(String(NOW), '17642160.0')],
      ['other text for a permission', row(NOW), row(NOW, '0a1b2c","id":"b"')],
      [
        'a model whose id looks like a date',
        String.raw`[{"id":"\"created\":1764216000}"}]`,
        String.raw`[{"id":"\"created\":1764216001}"}]`,
      ],
      ['a model whose id looks like a permission', '[{"id":"modelperm-aa"}]', '[{"id":"modelperm-ab"}]'],
      ['more than 64 KiB', row(NOW) + ' '.repeat(65_536), row(NOW + 1) + ' '.repeat(65_536)],
    ])('returns nothing for %s', (_name, first, second) => {
      expect(known(first, second)).toBeUndefined();
    });
  });
});
