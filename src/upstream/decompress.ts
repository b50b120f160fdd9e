import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import { UpstreamError } from './upstream.error.js';

type Decoder = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const gzipDecoder: Decoder = promisify(gunzip);
const brotliDecoder: Decoder = promisify(brotliDecompress);
const zlibDecoder: Decoder = promisify(inflate);
const rawDecoder: Decoder = promisify(inflateRaw);

/** `deflate` is the zlib format (RFC 9110, section 8.4.1.2), but some servers leave its header out. */
const deflateDecoder: Decoder = (bytes, options) =>
  ((bytes[0] ?? 0) & 0x0f) === 8 ? zlibDecoder(bytes, options) : rawDecoder(bytes, options);

const DECODERS: ReadonlyMap<string, Decoder> = new Map([
  ['gzip', gzipDecoder],
  ['x-gzip', gzipDecoder],
  ['br', brotliDecoder],
  ['deflate', deflateDecoder],
]);

/** More steps than this are an attack: each one may take as long as the whole body. */
const MAX_STEPS = 4;

/** The `Accept-Encoding` of requests to the provider. */
export const ACCEPT_ENCODING = 'gzip, br, deflate';

/**
 * Undoes a body's content encodings, the last applied one first.
 * @param maxBytes the limit of each step's output
 * @returns undefined when the body is larger
 * @throws UpstreamError `invalid` when the body is damaged, or in an encoding that was not requested
 */
export async function decompress(
  body: Buffer,
  contentEncoding: string,
  maxBytes: number,
): Promise<Buffer | undefined> {
  const names = contentEncoding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  let decoded = body;
  for (const name of names.reverse()) {
    const decoder = names.length > MAX_STEPS ? undefined : DECODERS.get(name);
    if (decoder === undefined)
      throw new UpstreamError('invalid', 'The provider sent a content encoding that was not requested.');
    try {
      decoded = await decoder(decoded, { maxOutputLength: maxBytes });
    } catch (error) {
      if (isTooLarge(error)) return undefined;
      throw new UpstreamError('invalid', 'The provider sent a compressed body that is damaged.');
    }
  }
  return decoded;
}

function isTooLarge(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
  );
}
