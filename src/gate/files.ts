import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Config } from '../config.ts';
import type { File } from '../entities/file.ts';
import { mediaTypeOf } from '../files/content-check.ts';
import { type Announced, IntakeFault, takeIn } from '../files/intake.ts';
import type { LinkMethod, Links } from '../files/links.ts';
import type { Storage } from '../files/storage.ts';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import type { Log } from '../log.ts';
import { sendFile } from './download.ts';
import { type ApiError, apiError, badInput } from './errors.ts';

export interface FileParts {
  config: Pick<Config, 'limits'>;
  storage: Storage;
  links: Pick<Links, 'isValid'>;
  lifecycle: Pick<Lifecycle, 'findFile' | 'reserveBytes' | 'storeUpload' | 'dropBytes'>;
  log: Log;
}

/** Longer than an upload may take: after it, bytes without a row are nobody's. */
const KEEP_BYTES_MS = 3_600_000;
/** What a refused client may still send before he is cut off, so that he gets to read why. */
const HEARD_OUT_MS = 10_000;

/** The path of a file: its id and nothing else. Whatever else is asked for is not there, and reaches no disk. */
const PATH = /^\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\?|$)/;

/** Answers `/files/<id>`: bytes of uploads come in, and files of jobs go out, each by a signed link. */
export function createFiles(parts: FileParts): RequestHandler {
  return async (request, response) => {
    const { method } = request;
    if (method === 'PUT') {
      response.json({ upload: await receive(parts, request, response) });
    } else if (method === 'GET' || method === 'HEAD') {
      await sendFile(parts, await find(parts, 'GET', request), request, response);
    } else {
      response.set('allow', 'GET, HEAD, PUT');
      throw apiError('METHOD_NOT_ALLOWED');
    }
  };
}

type Request = Parameters<RequestHandler>[0];
type Response = Parameters<RequestHandler>[1];

const nothingHere = () => apiError('NOT_FOUND', { message: 'There is nothing at this path.' });

/** @throws NOT_FOUND for every fault of a link alike: no such file, another's signature, or a time that is over */
async function find({ links, lifecycle }: FileParts, method: LinkMethod, request: Request): Promise<File> {
  const [, id] = PATH.exec(request.url) ?? [];
  if (id === undefined || !links.isValid(method, id, request.query)) throw nothingHere();
  const file = await lifecycle.findFile(id);
  if (!file || (method === 'GET' && !file.storedAs)) throw nothingHere();
  return file;
}

/** Takes an upload in, or hears the client out, so that he gets to read why not. */
async function receive(parts: FileParts, request: Request, response: Response) {
  try {
    const file = await find(parts, 'PUT', request);
    refuseHeaders(parts, file, request);
    return await store(parts, file, request);
  } catch (error) {
    response.set('connection', 'close');
    await hearOut(request, parts.config.limits.uploadBytes);
    throw error;
  }
}

/** Stores the bytes of an upload, or leaves nothing of them. */
async function store({ lifecycle, storage }: FileParts, file: File, request: Request) {
  const storedAs = randomUUID();
  await lifecycle.reserveBytes([storedAs], KEEP_BYTES_MS);
  try {
    // The request must outlive the reading of it: it carries the answer.
    const { bytes, sha256 } = takeIn(request.iterator({ destroyOnReturn: false }), announced(file));
    await storage.write(storedAs, bytes).catch((error: unknown) => {
      throw error instanceof IntakeFault ? refusalOf(error, file) : writeFault(request, error);
    });
    if (!(await lifecycle.storeUpload(file.id, { storedAs, sha256: sha256() }))) throw putAlready();
    return { id: file.id, size: file.size, sha256: sha256() };
  } catch (error) {
    await lifecycle.dropBytes([storedAs]);
    throw error;
  }
}

/** A client who has gone is no fault of ours; else it is the storage that does not take it. */
const writeFault = (request: Request, cause: unknown): ApiError =>
  request.errored
    ? apiError('BAD_REQUEST', { message: 'The bytes broke off.', cause })
    : apiError('SERVICE_UNAVAILABLE', { cause });

const announced = ({ size, contentType, sha256 }: File): Announced => ({ size, contentType, sha256: sha256 ?? null });

const putAlready = () => apiError('BAD_REQUEST', { message: 'This upload has its bytes; they can be put once.' });

/** What can be said before a byte is read. */
function refuseHeaders({ config }: FileParts, file: File, request: Request): void {
  if (file.storedAs) throw putAlready();
  const length = Number(request.get('content-length') ?? file.size);
  if (length > config.limits.uploadBytes) throw tooLarge(config.limits.uploadBytes);
  if (length !== file.size) throw badInput(sizeFault(file));
  if (request.get('content-encoding') !== undefined) {
    throw apiError('UNSUPPORTED_MEDIA_TYPE', { message: 'Send the bytes as they are, without a Content-Encoding.' });
  }
  if (mediaTypeOf(request.get('content-type') ?? '') !== file.contentType) {
    throw apiError('UNSUPPORTED_MEDIA_TYPE', { message: `Send Content-Type: ${file.contentType}, as announced.` });
  }
}

const tooLarge = (most: number) => apiError('PAYLOAD_TOO_LARGE', { message: `A file may have at most ${most} bytes.` });

const sizeFault = ({ size }: File) => ({ path: ['body'], rule: `must have ${size} bytes, as announced` });

function refusalOf({ found }: IntakeFault, file: File): ApiError {
  switch (found) {
    case 'LONGER':
    case 'SHORTER':
      return badInput(sizeFault(file));
    case 'OTHER_CHECKSUM':
      return badInput({ path: ['body'], rule: 'must have the SHA-256 that was announced' });
    case 'OTHER_CONTENT':
      return apiError('UNSUPPORTED_MEDIA_TYPE', { message: `These are not the bytes of ${file.contentType}.` });
    case 'NO_TEXT':
      return apiError('UNSUPPORTED_MEDIA_TYPE', { message: `${file.contentType} must be text in UTF-8.` });
  }
}

/** Reads what still comes and throws it away, up to a limit: who is sending does not listen. */
async function hearOut(request: Request, mostBytes: number): Promise<void> {
  if (request.readableEnded || request.destroyed) return;
  let heard = 0;
  await new Promise<void>((resolve) => {
    const enough = setTimeout(resolve, HEARD_OUT_MS);
    const end = () => {
      clearTimeout(enough);
      resolve();
    };
    request.once('end', end).once('close', end).once('error', end);
    request.on('data', (chunk: Buffer) => {
      heard += chunk.length;
      if (heard > mostBytes) end();
    });
    request.resume();
  });
}
