import { promisify } from 'node:util';
import zlib from 'node:zlib';

/** A content coding (RFC 9110, section 8.4.1). */
export type Coding = 'br' | 'zstd' | 'gzip';

/** Compresses in a thread of Node.js' pool. */
export type Compress = (body: Buffer) => Promise<Buffer>;

type Compressor = (body: Buffer, callback: (error: Error | null, result: Buffer) => void) => void;

/** Node.js has it since 22.15 and 23.8. */
const { zstdCompress } = zlib as typeof zlib & { readonly zstdCompress?: Compressor };

const { BROTLI_PARAM_LGWIN, BROTLI_PARAM_MODE, BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } =
  zlib.constants;
/** The better levels take a hundred times as long, for a tenth of the size. */
const BROTLI_QUALITY = 5;
/** Rows repeat the row before: a window of 256 KiB is as good as the default one, and takes less time and memory. */
const BROTLI_WINDOW = 18;

const brotli = promisify(zlib.brotliCompress);
const gzip: Compress = promisify<Buffer, Buffer>(zlib.gzip);

/** The codings of this Node.js, the best one first, at fast levels: the better ones take many times as long. */
export const CODINGS: ReadonlyMap<Coding, Compress> = new Map<Coding, Compress>([
  [
    'br',
    (body) =>
      brotli(body, {
        params: {
          [BROTLI_PARAM_MODE]: zlib.constants.BROTLI_MODE_TEXT,
          [BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
          [BROTLI_PARAM_LGWIN]: BROTLI_WINDOW,
          [BROTLI_PARAM_SIZE_HINT]: body.length,
        },
      }),
  ],
  ...(zstdCompress === undefined ? [] : [['zstd', promisify(zstdCompress)] as const]),
  ['gzip', gzip],
]);
