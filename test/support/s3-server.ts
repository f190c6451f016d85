import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** As much of the protocol of S3 as a storage needs, in memory: https://docs.aws.amazon.com/AmazonS3/latest/API/ */
export interface S3Server {
  /** The URL of a storage in its bucket. */
  url: string;
  /** By key, as they are in the bucket. */
  objects: Map<string, Buffer>;
  /** Uploads in parts that were begun and not ended. */
  open(): number;
  /** `GET /bucket/key`, in order. */
  requests: string[];
  /** Answers the next so many requests with 503. */
  fail(times: number): void;
  stop(): Promise<void>;
}

const BUCKET = 'assay-test';
const KEY_ID = 'AKIATEST';
const PAGE = 3;

export async function startS3Server(): Promise<S3Server> {
  const objects = new Map<string, Buffer>();
  const uploads = new Map<string, Map<number, Buffer>>();
  const requests: string[] = [];
  let failing = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = new URL(request.url ?? '', 'http://s3');
    const [, bucket, key = ''] = /^\/([^/]+)\/?(.*)$/.exec(decodeURIComponent(pathname)) ?? [];
    requests.push(`${request.method} ${pathname}`);
    const refused = refusalOf(request, bucket);
    if (refused) return refuse(response, ...refused);
    if (key === '') return list(response, query);
    await actOn(key, query.get('uploadId'), Number(query.get('partNumber')), request, response);
  }

  function refusalOf({ headers }: IncomingMessage, bucket: string | undefined): [number, string] | null {
    if (failing > 0) {
      failing -= 1;
      return [503, 'SlowDown'];
    }
    const isSigned = headers.authorization?.startsWith(`AWS4-HMAC-SHA256 Credential=${KEY_ID}/`);
    if (!isSigned) return [403, 'AccessDenied'];
    return bucket === BUCKET ? null : [404, 'NoSuchBucket'];
  }

  async function actOn(
    key: string,
    uploadId: string | null,
    part: number,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    switch (request.method) {
      case 'POST':
        return await combine(request, response, key, uploadId);
      case 'PUT':
        return await put(request, response, key, uploadId, part);
      case 'DELETE':
        if (uploadId === null) objects.delete(key);
        else uploads.delete(uploadId);
        response.writeHead(204).end();
        return;
      default:
        get(request, response, key);
    }
  }

  function list(response: ServerResponse, query: URLSearchParams): void {
    const prefix = query.get('prefix') ?? '';
    const after = query.get('continuation-token') ?? '';
    const keys = [...objects.keys()].sort().filter((key) => key.startsWith(prefix) && key > after);
    const more = keys.length > PAGE;
    const page = keys.slice(0, PAGE);
    const next = more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
    const contents = page.map((key) => `<Contents><Key>${key}</Key></Contents>`).join('');
    xml(response, `<ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents}</ListBucketResult>`);
  }

  async function combine(request: IncomingMessage, response: ServerResponse, key: string, uploadId: string | null) {
    if (uploadId === null) {
      const id = randomUUID();
      uploads.set(id, new Map());
      const names = `<Bucket>${BUCKET}</Bucket><Key>${key}</Key>`;
      return xml(
        response,
        `<InitiateMultipartUploadResult>${names}<UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    await buffer(request);
    const parts = [...(uploads.get(uploadId) ?? [])].sort(([a], [b]) => a - b);
    objects.set(key, Buffer.concat(parts.map(([, bytes]) => bytes)));
    uploads.delete(uploadId);
    xml(response, `<CompleteMultipartUploadResult><ETag>"1"</ETag></CompleteMultipartUploadResult>`);
  }

  async function put(
    request: IncomingMessage,
    response: ServerResponse,
    key: string,
    uploadId: string | null,
    part: number,
  ) {
    const bytes = await buffer(request);
    if (uploadId === null) objects.set(key, bytes);
    else uploads.get(uploadId)?.set(part, bytes);
    response.writeHead(200, { etag: '"1"' }).end();
  }

  function get(request: IncomingMessage, response: ServerResponse, key: string): void {
    const bytes = objects.get(key);
    if (!bytes) {
      refuse(response, 404, 'NoSuchKey');
      return;
    }
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    const body = from === undefined ? bytes : bytes.subarray(Number(from), Number(to) + 1);
    response.writeHead(from === undefined ? 200 : 206, { 'content-length': body.length }).end(body);
  }

  const server = createServer((request, response) => {
    // What a client breaks off is no fault of ours.
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `s3://${KEY_ID}:secret@${BUCKET}/files/of%20assay?endpoint=http://127.0.0.1:${port}&region=test-1`,
    objects,
    requests,
    open: () => uploads.size,
    fail: (times) => {
      failing = times;
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function xml(response: ServerResponse, text: string, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?>${text}`);
}

const refuse = (response: ServerResponse, status: number, code: string) =>
  xml(response, `<Error><Code>${code}</Code><Message>no</Message></Error>`, status);
