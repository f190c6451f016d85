import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { isStoredName, NotStored, requireStoredName, type Storage } from './storage.ts';

const CONNECT_LIMIT_MS = 5_000;
/** Parts of a large upload that are under way at once; each is 5 MiB of memory. */
const PARTS_AT_ONCE = 2;

/**
 * A storage in a bucket of S3, or of anything that speaks its protocol:
 * `s3://key:secret@bucket/prefix?endpoint=https://minio.example.com&region=eu-central-1`. Without a key the SDK looks for
 * one where it always does: environment, profile, role of the machine.
 *
 * The length of what is written need not be known: beyond 5 MiB it goes up in parts. Parts that a killed process leaves
 * behind are no objects and cost money until a rule of the bucket ends them (`AbortIncompleteMultipartUpload`).
 */
export function createS3Storage(url: string): Storage {
  const { bucket: Bucket, prefix, client } = parse(url);
  const keyOf = (storedAs: string) => `${prefix}${requireStoredName(storedAs)}`;

  return {
    async write(storedAs, bytes, signal) {
      signal?.throwIfAborted();
      const Body = Readable.from(bytes);
      const upload = new Upload({
        client,
        params: { Bucket, Key: keyOf(storedAs), Body },
        queueSize: PARTS_AT_ONCE,
      });
      const abort = () => void upload.abort();
      signal?.addEventListener('abort', abort, { once: true });
      try {
        await upload.done();
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      } finally {
        signal?.removeEventListener('abort', abort);
        Body.destroy();
      }
    },
    async read(storedAs, range) {
      const Range = range && `bytes=${range.start}-${range.end}`;
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: keyOf(storedAs), Range }));
        if (Body instanceof Readable) return Body;
      } catch (error) {
        if (!(error instanceof NoSuchKey)) throw error;
        throw new NotStored(`there is no ${storedAs}`, { cause: error });
      }
      throw new Error('the storage answered without a body');
    },
    async remove(storedAs) {
      await client.send(new DeleteObjectCommand({ Bucket, Key: keyOf(storedAs) }));
    },
    async *list() {
      let ContinuationToken: string | undefined;
      do {
        const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix: prefix, ContinuationToken }));
        yield* (page.Contents ?? []).map(({ Key = '' }) => Key.slice(prefix.length)).filter(isStoredName);
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
    },
  };
}

function parse(url: string): { bucket: string; prefix: string; client: S3Client } {
  const { host, pathname, username, password, searchParams } = new URL(url);
  const folder = decodeURIComponent(pathname).replace(/^\/+|\/+$/g, '');
  const endpoint = searchParams.get('endpoint');
  const region = searchParams.get('region');
  const settings: S3ClientConfig = {
    ...(region !== null && { region }),
    // A bucket on a server of one's own is a path there and not a host name.
    ...(endpoint !== null && { endpoint, forcePathStyle: true, region: region ?? 'us-east-1' }),
    ...(username !== '' && {
      credentials: { accessKeyId: decodeURIComponent(username), secretAccessKey: decodeURIComponent(password) },
    }),
    requestHandler: { connectionTimeout: CONNECT_LIMIT_MS },
    // Not every server knows the checksums that the SDK adds by itself; ours are in the database.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  };
  return { bucket: host, prefix: folder === '' ? '' : `${folder}/`, client: new S3Client(settings) };
}
