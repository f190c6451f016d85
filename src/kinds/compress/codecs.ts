import type { Duplex } from 'node:stream';
import * as zlib from 'node:zlib';

export const COMPRESSION_ALGORITHMS = ['GZIP', 'BROTLI', 'ZSTD'] as const;
export type CompressionAlgorithm = (typeof COMPRESSION_ALGORITHMS)[number];

interface Codec {
  readonly levels: { readonly least: number; readonly most: number; readonly standard: number };
  /** What the name of the compressed file ends in. */
  readonly suffix: string;
  readonly contentType: string;
  /** A stream that compresses, told how many bytes will come; null where this Node lacks the algorithm. */
  open(level: number, size: number): Duplex | null;
}

/**
 * What each algorithm is called, and how it is opened. The levels of zstd end where its own command line wants to be asked
 * twice (`--ultra`): beyond, one job could take a gigabyte of memory. The standard level of brotli is not its own, 11, which
 * reads about a megabyte a second.
 */
export const CODECS: Readonly<Record<CompressionAlgorithm, Codec>> = {
  GZIP: {
    levels: { least: 1, most: 9, standard: 6 },
    suffix: '.gz',
    contentType: 'application/gzip',
    open: (level) => zlib.createGzip({ level }),
  },
  BROTLI: {
    levels: { least: 0, most: 11, standard: 6 },
    suffix: '.br',
    contentType: 'application/x-brotli',
    open: (level, size) =>
      zlib.createBrotliCompress({
        params: {
          [zlib.constants.BROTLI_PARAM_QUALITY]: level,
          [zlib.constants.BROTLI_PARAM_SIZE_HINT]: size,
        },
      }),
  },
  ZSTD: {
    levels: { least: 1, most: 19, standard: 3 },
    suffix: '.zst',
    contentType: 'application/zstd',
    // Node has it since 22.15 and 23.8.
    open: (level, size) =>
      typeof zlib.createZstdCompress === 'function'
        ? zlib.createZstdCompress({
            pledgedSrcSize: size,
            params: {
              [zlib.constants.ZSTD_c_compressionLevel]: level,
              [zlib.constants.ZSTD_c_checksumFlag]: 1,
            },
          })
        : null,
  },
};

/** Whether this process can compress so. */
export function isAvailable(algorithm: CompressionAlgorithm): boolean {
  const codec = CODECS[algorithm];
  const stream = codec.open(codec.levels.standard, 0);
  stream?.destroy();
  return stream !== null;
}
