import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { ERRORS, type ErrorCode } from '../../src/gate/errors.ts';
import { signUserToken } from '../../src/gate/user-tokens.ts';
import { createLog } from '../../src/log.ts';
import { type RunningApi, startApi } from '../../src/server.ts';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { post } from '../support/installation.ts';
import type { Refusal } from './error-codes/answers.ts';
import { LIMITS, PROVOCATIONS, type Scene } from './error-codes/provocations.ts';

const SECRET = 'a secret of more than thirty-two bytes';
const database = useDatabase();
const logged: string[] = [];
let api: RunningApi;
let scene: Scene;

beforeAll(async () => {
  const log = createLog({ level: 'debug', destination: { write: (line) => void logged.push(line) } });
  const env = { DATABASE_URL: database().url, JWT_SECRET: SECRET, PORT: '0', ...LIMITS };
  api = await startApi({ config: loadConfig(env), log });
  const token = (sub: string = randomUUID()) => signUserToken({ secret: SECRET, sub, ttlSeconds: 600 });
  const { resultId, userId } = await makeJob(database().pool, { status: 'COMPLETED' });
  const mutation = `mutation { shareResult(input: { id: "${resultId}" }) { result { shareUrl } } }`;
  const [, share = ''] =
    /share\/([\w-]+)/.exec(JSON.stringify(await post(api.url, await token(userId), mutation))) ?? [];
  scene = { url: api.url, pool: database().pool, token: () => token(), share };
});
afterAll(() => api.stop());

const TRANSPORTS = ['http', 'socket', 'stream'] as const;
const rows = TRANSPORTS.flatMap((transport) =>
  Object.entries(PROVOCATIONS).map(([code, by]) => ({
    code: code as ErrorCode,
    transport,
    provocation: by[transport],
  })),
);

/** Codes of faults that are ours: nothing of theirs may be told. */
const MASKED: readonly ErrorCode[] = ['INTERNAL_SERVER_ERROR', 'SERVICE_UNAVAILABLE', 'TIMEOUT'];
/** The statuses that come with a time after which to ask again. */
const SAYS_WHEN = [429, 503];

function expectForm({ errors, status, retryAfter }: Refusal, code: ErrorCode): void {
  expect(errors).toHaveLength(1);
  const { message, extensions, ...rest } = errors[0]!;
  expect(Object.keys(rest).filter((key) => key !== 'path' && key !== 'locations')).toEqual([]);
  expect(message).toMatch(MASKED.includes(code) ? new RegExp(`^${ERRORS[code].message}$`) : /^\w.*\.$/);
  const { retryAfterMs, details, ...always } = extensions;
  expect(always).toEqual({
    code,
    errorId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    retryable: ERRORS[code].retryable,
  });
  if (status === undefined) return;
  expect(status).toBe(code === 'NOT_FOUND' ? 404 : ERRORS[code].status);
  const seconds = String(Math.ceil((retryAfterMs ?? 1_000) / 1_000));
  expect(retryAfter).toBe(SAYS_WHEN.includes(status) ? seconds : null);
}

/** What the log says of an error, found by its id. */
function lineOf(errorId: string): Record<string, unknown> {
  return JSON.parse(logged.find((line) => line.includes(errorId)) ?? '{}') as Record<string, unknown>;
}

it('every code has its row', () => {
  expect(Object.keys(PROVOCATIONS).toSorted()).toEqual(Object.keys(ERRORS).toSorted());
});

describe.each(rows)('$code over $transport', ({ code, provocation }) => {
  if (typeof provocation === 'function') {
    it('comes in the one form of errors, and the log knows it by its id', async () => {
      const refusal = await provocation(scene);
      expectForm(refusal, code);
      const { errorId } = refusal.errors[0]!.extensions;
      const line = lineOf(errorId);
      expect(line).toMatchObject(code === 'INTERNAL_SERVER_ERROR' ? { level: 'error' } : { code });
      if (!MASKED.includes(code)) return;
      expect(line.err).toMatchObject({ message: expect.any(String), stack: expect.any(String) });
      expect(JSON.stringify(refusal)).not.toMatch(/analysis_jobs|hunter2|relation|lock|terminat|select/i);
    });
  } else {
    const { never, close, code: closeCode } = provocation;
    it(`never comes: ${never}`, async () => {
      expect(await close?.(scene)).toBe(closeCode);
    });
  }
});
