import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { startProcess } from '../test/support/process.ts';
import { removeFolder } from '../test/support/throw-away-server.ts';

const COMMAND = 'redis-server';
const START_LIMIT_MS = 15_000;

/**
 * As BullMQ's guide for production asks for it: a log that is written to disk once a second, and nothing that is ever thrown
 * away. https://docs.bullmq.io/guide/going-to-production
 */
const SETTINGS = {
  appendonly: 'yes',
  appendfsync: 'everysec',
  save: '',
  'maxmemory-policy': 'noeviction',
};

/** What a reader of figures has to know of it. */
export const REDIS_NOTE = 'Redis: appendonly yes, appendfsync everysec: the last second may be lost';

/** Starts a Redis in a temporary folder. @returns its socket's path, or undefined where this machine has none */
export async function startRedis(closing: AsyncDisposableStack): Promise<string | undefined> {
  const isThere = await promisify(execFile)(COMMAND, ['--version']).then(
    () => true,
    () => false,
  );
  if (!isThere) return undefined;
  const folder = await mkdtemp(path.join(tmpdir(), 'assay-bench-redis-'));
  closing.defer(() => removeFolder(folder));
  const socket = path.join(folder, 'redis.sock');
  const settings = Object.entries({ ...SETTINGS, port: '0', unixsocket: socket, dir: folder });
  const redis = startProcess(
    COMMAND,
    settings.flatMap(([name, value]) => [`--${name}`, value]),
  );
  closing.use(redis);
  await redis.waitForOutput(/ready to accept connections/i, START_LIMIT_MS);
  return socket;
}
