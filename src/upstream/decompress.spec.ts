import { describe, expect, it } from '@jest/globals';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { ACCEPT_ENCODING, decompress } from './decompress.js';
import { UpstreamError } from './upstream.error.js';

const BODY = Buffer.from('{"object":"list","data":[]}');
const LIMIT = 1024;
const TOO_LARGE = Buffer.alloc(LIMIT + 1);

function zippedTimes(times: number): Buffer {
  return Array.from({ length: times }).reduce<Buffer>((body) => gzipSync(body), BODY);
}

describe('decompress', () => {
  it.each([
    ['gzip', gzipSync(BODY)],
    ['GZip', gzipSync(BODY)],
    ['x-gzip', gzipSync(BODY)],
    ['br', brotliCompressSync(BODY)],
    ['deflate', deflateSync(BODY)],
    ['deflate', deflateRawSync(BODY)],
    ['identity', BODY],
    ['', BODY],
    ['gzip, br', brotliCompressSync(gzipSync(BODY))],
    ['br,gzip', gzipSync(brotliCompressSync(BODY))],
    [' deflate , identity , gzip ', gzipSync(deflateSync(BODY))],
    ['gzip, gzip, gzip, gzip', zippedTimes(4)],
  ])('decodes "%s"', async (encoding, body) => {
    expect(await decompress(body, encoding, LIMIT)).toEqual(BODY);
  });

  it.each([
    ['gzip', gzipSync(TOO_LARGE)],
    ['br', brotliCompressSync(TOO_LARGE)],
    ['deflate', deflateSync(TOO_LARGE)],
    ['deflate', deflateRawSync(TOO_LARGE)],
    // Decoding ends at the first step whose output is too large.
    ['br, gzip', gzipSync(Buffer.concat([brotliCompressSync(BODY), TOO_LARGE]))],
  ])('refuses a bomb in %s', async (encoding, body) => {
    expect(body.length).toBeLessThan(LIMIT);
    expect(await decompress(body, encoding, LIMIT)).toBeUndefined();
  });

  it('accepts a body that is as large as the limit', async () => {
    const largest = Buffer.alloc(LIMIT);
    expect(await decompress(gzipSync(largest), 'gzip', LIMIT)).toEqual(largest);
  });

  it.each([
    ['gzip', BODY],
    ['br', BODY],
    ['deflate', Buffer.from([0x78, 0x9c, 0xff, 0xff])],
    ['deflate', BODY],
    ['gzip', gzipSync(BODY).subarray(0, -10)],
    ['br', brotliCompressSync(BODY).subarray(0, -3)],
    ['deflate', deflateSync(BODY).subarray(0, -6)],
    ['gzip', Buffer.alloc(0)],
    ['gzip, br', gzipSync(brotliCompressSync(BODY))],
  ])('refuses damaged %s', async (encoding, body) => {
    await expect(decompress(body, encoding, LIMIT)).rejects.toMatchObject({
      failure: 'invalid',
      message: 'The provider sent a compressed body that is damaged.',
    });
  });

  it.each([
    ...['zstd', 'compress', 'gzip;q=1', 'zstd, gzip', 'utf-8'],
    // Each step may take as long as the whole body.
    'gzip, gzip, gzip, gzip, gzip',
  ])('refuses %s', async (encoding) => {
    const refusal = decompress(zippedTimes(5), encoding, LIMIT);
    await expect(refusal).rejects.toBeInstanceOf(UpstreamError);
    await expect(refusal).rejects.toMatchObject({
      failure: 'invalid',
      message: 'The provider sent a content encoding that was not requested.',
    });
  });

  it.each(ACCEPT_ENCODING.split(', '))('supports %s, which is requested', async (encoding) => {
    await expect(decompress(Buffer.alloc(0), encoding, LIMIT)).rejects.toMatchObject({
      message: 'The provider sent a compressed body that is damaged.',
    });
  });
});
