import { promisify } from 'node:util';
import zlib from 'node:zlib';

/** A content coding (RFC 9110, section 8.4.1). */
export type Coding = 'br' | 'zstd' | 'gzip';

/**
 * Compresses in a thread of Node.js' pool.
 * @param isKept whether the form will be sent again; otherwise a fast level is enough
 */
export type Compress = (body: Buffer, isKept: boolean) => Promise<Buffer>;

type Compressor = (body: Buffer, callback: (error: Error | null, result: Buffer) => void) => void;

/** Node.js has it since 22.15 and 23.8. */
const { zstdCompress } = zlib as typeof zlib & { readonly zstdCompress?: Compressor };

const { BROTLI_PARAM_LGWIN, BROTLI_PARAM_MODE, BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } =
  zlib.constants;
/** The better levels take a hundred times as long, for a tenth of the size. */
const BROTLI_QUALITY = 5;
const GZIP_LEVEL = 6;
/** Of both. They take a sixth and a third of the time, for about a quarter more bytes. */
const FAST = 1;
/** Rows repeat the row before: a window of 256 KiB is as good as the default one, and takes less time and memory. */
const BROTLI_WINDOW = 18;

const brotli = promisify(zlib.brotliCompress);
const gzip = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gzip);
const zstd = zstdCompress && promisify(zstdCompress);

/** The codings of this Node.js, the best one first, at fast levels: the better ones take many times as long. */
export const CODINGS: ReadonlyMap<Coding, Compress> = new Map<Coding, Compress>([
  [
    'br',
    (body, isKept) =>
      brotli(body, {
        params: {
          [BROTLI_PARAM_MODE]: zlib.constants.BROTLI_MODE_TEXT,
          [BROTLI_PARAM_QUALITY]: isKept ? BROTLI_QUALITY : FAST,
          [BROTLI_PARAM_LGWIN]: BROTLI_WINDOW,
          [BROTLI_PARAM_SIZE_HINT]: body.length,
        },
      }),
  ],
  // Its default level is as fast as its fastest.
  ...(zstd === undefined ? [] : [['zstd', (body: Buffer) => zstd(body)] as const]),
  ['gzip', (body, isKept) => gzip(body, { level: isKept ? GZIP_LEVEL : FAST })],
]);
