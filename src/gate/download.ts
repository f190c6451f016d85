import { pipeline } from 'node:stream/promises';
import type { RequestHandler } from 'express';
import type { File } from '../entities/file.ts';
import { type ByteRange, NotStored, type Storage } from '../files/storage.ts';
import type { Log } from '../log.ts';
import { apiError } from './errors.ts';

type Request = Parameters<RequestHandler>[0];
type Response = Parameters<RequestHandler>[1];

/** A reader who takes nothing for so long has gone away without saying so. */
const STALLED_MS = 60_000;

/**
 * Sends a file at the reader's pace, in whole or the one range that is asked for. It is always something to be saved:
 * what a user uploaded must never be shown as a page of ours.
 * @throws NOT_FOUND where its bytes are gone, SERVICE_UNAVAILABLE where the storage does not answer, BAD_REQUEST with status
 *   416 for a range beyond its end
 */
export async function sendFile(
  { storage, log }: { storage: Storage; log: Log },
  file: File,
  request: Request,
  response: Response,
): Promise<void> {
  const etag = `"${file.sha256}"`;
  const range = rangeOf(request, file.size, etag);
  if (range === 'beyond') {
    response.status(416).set('content-range', `bytes */${file.size}`);
    throw apiError('BAD_REQUEST', { message: 'This range is beyond the end of the file.' });
  }
  const bytes = await open(storage, file, range).catch((error: unknown) => {
    if (!(error instanceof NotStored)) throw apiError('SERVICE_UNAVAILABLE', { cause: error });
    log.error({ fileId: file.id, storedAs: file.storedAs }, 'the bytes of a file are lost');
    throw apiError('NOT_FOUND', { message: 'There is nothing at this path.', cause: error });
  });
  response.attachment(file.name);
  response.set({
    'content-type': file.contentType,
    'content-length': String(range ? range.end - range.start + 1 : file.size),
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, no-store',
    'accept-ranges': 'bytes',
    etag,
  });
  if (range) response.status(206).set('content-range', `bytes ${range.start}-${range.end}/${file.size}`);
  if (request.method === 'HEAD') {
    bytes.destroy();
    response.end();
    return;
  }
  response.setTimeout(STALLED_MS, () => response.destroy());
  await pipeline(bytes, response).catch((error: unknown) => log.debug({ err: error }, 'a download ended early'));
}

const open = (storage: Storage, { storedAs }: File, range: ByteRange | undefined) =>
  storage.read(storedAs ?? '', range);

/** The one range that is asked for. Several at once are answered with the whole file, as they may be (RFC 9110, 14.2). */
function rangeOf(request: Request, size: number, etag: string): ByteRange | 'beyond' | undefined {
  const condition = request.get('if-range');
  if (request.method !== 'GET' || (condition !== undefined && condition !== etag)) return undefined;
  const ranges = request.range(size, { combine: true });
  if (ranges === -1) return 'beyond';
  if (ranges === undefined || ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return undefined;
  return ranges[0];
}
