import { randomUUID } from 'node:crypto';
import { type IncomingHttpHeaders, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { signUserToken } from '../../src/gate/user-tokens.ts';
import { type RunningApi, startApi } from '../../src/server.ts';
import type { TestDatabase } from './database.ts';
import type { TestStorage } from './files.ts';
import { post } from './installation.ts';
import { readableLog } from './workers.ts';

const SECRET = 'a secret of thirty-two bytes or more';

export interface FileApi {
  readonly url: string;
  readonly log: ReturnType<typeof readableLog>;
  token(sub?: string): Promise<string>;
  ask<Data>(token: string, query: string, variables?: object): Promise<Data>;
  /** Announces an upload of a user. */
  announce(input: object, token?: string): Promise<{ id: string; url: string }>;
}

/** The API in this process, with its transports, on the database and the storage of a test. */
export function useFileApi(
  database: () => TestDatabase,
  storage: () => TestStorage,
  env: Record<string, string> = {},
): () => FileApi {
  let api: (FileApi & RunningApi) | undefined;
  beforeAll(async () => {
    const log = readableLog();
    const given = { DATABASE_URL: database().url, ASSAY_STORAGE_URL: storage().url, JWT_SECRET: SECRET, PORT: '0' };
    const running = await startApi({ config: loadConfig({ ...given, ...env }), log: log.log });
    const { url } = running;
    const ask = async <Data>(token: string, query: string, variables = {}) => {
      const { data, errors } = await post(url, token, query, variables);
      if (errors) throw new Error(JSON.stringify(errors));
      return data as Data;
    };
    const token = (sub: string = randomUUID()) => signUserToken({ secret: SECRET, sub, ttlSeconds: 600 });
    api = {
      ...running,
      ...{ log, ask, token },
      async announce(input, as) {
        const { createUpload } = await ask<{ createUpload: { upload: { id: string; url: string } } }>(
          as ?? (await token()),
          `mutation ($input: CreateUploadInput!) { createUpload(input: $input) { upload { id url } userErrors { message } } }`,
          { input },
        );
        return createUpload.upload;
      },
    };
  });
  afterAll(async () => {
    await api?.stop();
  });
  return () => {
    if (!api) throw new Error('The API exists only inside tests and hooks.');
    return api;
  };
}

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** A request as it is written: its path is sent letter by letter, which `fetch` would put in order first. */
export async function rawRequest(
  url: string,
  options: { path?: string; method?: string; headers?: Record<string, string>; body?: Uint8Array } = {},
): Promise<RawAnswer> {
  const { hostname, port, pathname, search } = new URL(url);
  const { path = pathname + search, method = 'GET', headers = {}, body } = options;
  return await new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers, agent: false }, (response) => {
      buffer(response).then(
        (bytes) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: bytes }),
        reject,
      );
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
