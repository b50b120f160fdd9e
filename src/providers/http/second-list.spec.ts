import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Model } from '../../catalogue/model.js';
import { keyCredential } from '../../credentials/credential.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import type { UpstreamErrorDetails } from '../../upstream/upstream.error.js';
import type { ListReader, ListRequest } from './list-reader.js';
import { SecondList } from './second-list.js';

const model = (id: string): Model => ({ id, created: 1, ownedBy: 'x' });
const FIRST = [model('a')];
const SECOND = [model('b')];

let answer: () => readonly Model[];
const join = jest.fn((first: readonly Model[], second: readonly Model[]) => [...first, ...second]);
let warn: jest.SpiedFunction<Logger['warn']>;
let list: SecondList;

beforeEach(() => {
  warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
  join.mockClear();
  answer = () => SECOND;
  list = new SecondList(
    'orbit',
    { name: 'inference_profiles', permission: 'orbit:ListProfiles', listUrl: (url) => url, join },
    { read: () => Promise.resolve().then(() => answer()) } as unknown as ListReader,
  );
});

afterEach(() => {
  jest.restoreAllMocks();
});

const joined = (first: readonly Model[] = FIRST) => list.joinWith(first, {} as ListRequest);

function refuse(status: number, details: UpstreamErrorDetails = {}): void {
  answer = () => {
    throw new UpstreamError('rejected', 'No.', { status, ...details });
  };
}

describe('SecondList', () => {
  it('joins two lists once, while both are the same', async () => {
    const both = await joined();
    expect(both).toEqual({ models: [model('a'), model('b')] });
    expect(await joined()).toBe(both);
    expect(join).toHaveBeenCalledTimes(1);
    answer = () => [model('e')];
    expect(await joined()).toEqual({ models: [model('a'), model('e')] });
    answer = () => SECOND;
    expect(await joined([model('c')])).toEqual({ models: [model('c'), model('b')] });
    answer = () => [model('d')];
    expect(await joined()).toEqual({ models: [model('a'), model('d')] });
  });

  it('lists a model once that both lists have', async () => {
    answer = () => [model('a'), model('b')];
    expect((await joined()).models.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it.each([403, 404])(
    'leaves the first list alone after a %d, the same object while it is',
    async (status) => {
      refuse(status);
      const alone = await joined();
      expect(alone).toEqual({ models: FIRST, lacks: 'inference_profiles' });
      expect(await joined()).toBe(alone);
      expect(await joined([model('c')])).toEqual({ models: [model('c')], lacks: 'inference_profiles' });
      answer = () => SECOND;
      expect(await joined()).toEqual({ models: [model('a'), model('b')] });
    },
  );

  it.each<[string, UpstreamErrorDetails, string]>([
    ['a caller', { credential: keyCredential('sk-secret') }, 'a caller'],
    ['the operator', { credential: keyCredential('sk-secret', 'ORBIT_API_KEY') }, 'ORBIT_API_KEY'],
    ['no key', {}, 'a request without a key'],
  ])('says once what to allow where the credential is that of %s', async (_name, details, sent) => {
    refuse(403, details);
    await joined();
    await joined();
    expect(warn.mock.calls).toEqual([
      [`The list of orbit lacks its inference profiles: 403 for ${sent}. Allow orbit:ListProfiles.`],
    ]);
  });

  it.each([
    new UpstreamError('rejected', 'No.', { status: 401 }),
    new UpstreamError('failed', 'No.', { status: 500 }),
    new UpstreamError('timeout', 'No.'),
    new TypeError('a bug'),
  ])('fails with %s', async (error) => {
    answer = () => {
      throw error;
    };
    await expect(joined()).rejects.toBe(error);
    expect(warn).not.toHaveBeenCalled();
  });
});
