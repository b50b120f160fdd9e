import { beforeEach, describe, expect, it } from '@jest/globals';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip } from 'node:zlib';
import zlib from 'node:zlib';
import type { Waiting } from '../../concurrency/coalescer.js';
import { Footprint } from '../../cache/footprint.js';
import { CodedBodies } from './coded-bodies.js';
import { CODINGS } from '../../content/content-coding.js';
import type { Coding, Compress } from '../../content/content-coding.js';
import { keptWith, renderJson } from './rendered-body.js';
import type { RenderedBody } from './rendered-body.js';

const MIB = 1024 * 1024;
const STAYS = { onHangUp: () => undefined };

interface Job {
  readonly body: Buffer;
  readonly isKept: boolean;
  readonly end: () => void;
  readonly fail: () => void;
}

let jobs: Job[];
let coded: CodedBodies;
let footprint: Footprint;

beforeEach(() => {
  jobs = [];
  const compress: Compress = (body, isKept) =>
    new Promise((resolve, reject) => {
      jobs.push({
        body,
        isKept,
        end: () => {
          resolve(Buffer.from('compressed'));
        },
        fail: () => {
          reject(new Error('out of memory'));
        },
      });
    });
  coded = new CodedBodies(undefined, new Map([['gzip', compress]]));
  footprint = new Footprint(() => 0);
});

function kept(bytes: number, letter = 'x'): RenderedBody {
  return keptWith(footprint, renderJson(letter.repeat(bytes)));
}

async function formOf(body: RenderedBody, accepted?: string, caller: Waiting = STAYS): Promise<RenderedBody> {
  return coded.formOf(body, accepted, caller);
}

async function jobStarts(): Promise<void> {
  await new Promise(setImmediate);
}

describe('CodedBodies', () => {
  it('compresses once for simultaneous callers and later ones, and counts it once', async () => {
    const body = kept(5000);
    const before = footprint.bytes;
    const simultaneous = [1, 2, 3].map(() => formOf(body, 'gzip'));
    await jobStarts();
    jobs[0]?.end();
    const forms = await Promise.all(simultaneous);
    forms.push(await coded.formOf(body, 'gzip;q=0.5', STAYS));
    expect(jobs).toHaveLength(1);
    expect(new Set(forms).size).toBe(1);
    expect(forms[0]).toMatchObject({ coding: 'gzip', body: Buffer.from('compressed') });
    expect(forms[0]?.etag).not.toBe(body.etag);
    expect(footprint.bytes - before).toBeGreaterThan(400);
    expect(footprint.bytes - before).toBeLessThan(1200);
  });

  it('gives a form that is there at once', async () => {
    const body = kept(5000);
    const first = coded.formOf(body, 'gzip', STAYS);
    await jobStarts();
    jobs[0]?.end();
    await first;
    expect(coded.formOf(body, 'gzip', STAYS)).toBe(await first);
  });

  it('keeps nothing of a body that is made for each request', async () => {
    const body = renderJson('x'.repeat(5000));
    for (const times of [1, 2]) {
      const form = formOf(body, 'gzip');
      await jobStarts();
      expect(jobs).toHaveLength(times);
      jobs.at(-1)?.end();
      await form;
    }
  });

  it('compresses a body that is made for each request for itself, and faster than an equal one that is kept', async () => {
    const forms = [kept(5000), renderJson('x'.repeat(5000))].map((body) => formOf(body, 'gzip'));
    await jobStarts();
    expect(jobs.map(({ isKept }) => isKept)).toEqual([true, false]);
    for (const job of jobs) job.end();
    await Promise.all(forms);
  });

  it.each([
    ['smaller than a KiB', 1021, 'gzip', false],
    ['of a KiB', 1022, 'gzip', true],
    ['smaller, but not wanted as it is', 10, 'gzip, identity;q=0', true],
    ['for a client that accepts nothing else', 5000, 'identity', false],
    ['for a client that says nothing', 5000, undefined, false],
  ])('compresses a body %s', async (_what, letters, accepted, isCompressed) => {
    const body = kept(letters);
    const form = coded.formOf(body, accepted, STAYS);
    expect(form === body).toBe(!isCompressed);
    await jobStarts();
    expect(jobs).toHaveLength(isCompressed ? 1 : 0);
    jobs[0]?.end();
    await form;
  });

  it('sends a body as it is when that fails, and tries again the next time', async () => {
    const body = kept(5000);
    const form = coded.formOf(body, 'gzip', STAYS);
    await jobStarts();
    jobs[0]?.fail();
    expect(await form).toBe(body);
    const next = coded.formOf(body, 'gzip', STAYS);
    await jobStarts();
    jobs[1]?.end();
    expect(await next).toMatchObject({ coding: 'gzip' });
  });

  it('compresses two at a time, and sends bodies as they are where too many bytes wait', async () => {
    const bodies = ['a', 'b', 'c', 'd'].map((letter) => kept(5 * MIB, letter));
    const forms = bodies.map((body) => formOf(body, 'gzip'));
    await jobStarts();
    expect(jobs).toHaveLength(2);
    expect(await forms[3]).toBe(bodies[3]);
    jobs[0]?.end();
    jobs[1]?.end();
    await Promise.all(forms.slice(0, 2));
    await jobStarts();
    expect(jobs).toHaveLength(3);
    jobs[2]?.end();
    expect(await forms[2]).toMatchObject({ coding: 'gzip' });
    const large = coded.formOf(kept(20 * MIB), 'gzip', STAYS);
    await jobStarts();
    jobs[3]?.end();
    expect(await large).toMatchObject({ coding: 'gzip' });
  });

  it('does not compress for callers who have gone before its turn', async () => {
    const [first, second] = [kept(5000, 'a'), kept(5000, 'b')];
    const others = [first, second].map((body) => formOf(body, 'gzip'));
    const hangUps: (() => void)[] = [];
    const gone = coded.formOf(kept(5000, 'c'), 'gzip', {
      onHangUp: (callback) => {
        hangUps.push(callback);
      },
    });
    await jobStarts();
    for (const hangUp of hangUps) hangUp();
    for (const job of jobs) job.end();
    await Promise.all([...others, gone]);
    await jobStarts();
    expect(jobs.map(({ body }) => body)).toEqual([first.body, second.body]);
  });

  it('keeps what was made for a caller who has gone meanwhile', async () => {
    const body = kept(5000);
    let hangUp: () => void = () => undefined;
    const gone = coded.formOf(body, 'gzip', {
      onHangUp: (callback) => {
        hangUp = callback;
      },
    });
    await jobStarts();
    hangUp();
    jobs[0]?.end();
    await gone;
    await jobStarts();
    expect(coded.formOf(body, 'gzip', STAYS)).toMatchObject({ coding: 'gzip' });
  });
});

const { zstdDecompress } = zlib as typeof zlib & { readonly zstdDecompress?: typeof gunzip };
const DECODERS: Readonly<Record<Coding, ((bytes: Buffer) => Promise<Buffer>) | undefined>> = {
  br: promisify<Buffer, Buffer>(brotliDecompress),
  gzip: promisify<Buffer, Buffer>(gunzip),
  zstd: zstdDecompress && promisify<Buffer, Buffer>(zstdDecompress),
};

describe.each([...CODINGS])('%s', (coding, compress) => {
  const data = Array.from({ length: 3000 }, (_, index) => ({
    id: `vendor-${String(index % 17)}/model-${String(index)}-instruct`,
    object: 'model',
    created: 1_700_000_000 + index,
    owned_by: `vendor-${String(index % 17)}`,
  }));
  const { body } = renderJson({ object: 'list', data });

  it('makes a list of 3,000 models small', async () => {
    expect(body.length).toBeGreaterThan(290_000);
    const compressed = await compress(body, true);
    expect(compressed.length / body.length).toBeLessThan(coding === 'gzip' ? 0.08 : 0.06);
    expect((await DECODERS[coding]?.(compressed))?.equals(body)).toBe(true);
  });

  it('has a level that is worth it for a body that is sent once', async () => {
    const [best, fast] = [await compress(body, true), await compress(body, false)];
    expect(fast.length / body.length).toBeLessThan(0.12);
    // The fast level of zstd is its only one.
    if (coding !== 'zstd') expect(fast.length).toBeGreaterThan(best.length);
    expect((await DECODERS[coding]?.(fast))?.equals(body)).toBe(true);
  });
});

it('zstd is there exactly where Node.js has it', () => {
  expect(CODINGS.has('zstd')).toBe(zstdDecompress !== undefined);
});
