import type { ChildProcess } from 'node:child_process';
import { on } from 'node:events';
import type { CancelSide, RunningJob } from './cancel-side.ts';
import { clockMs } from './figures.ts';
import { type BenchInstallation, until } from './installation.ts';
import { startRivalProcess } from './rival-process.ts';
import type { Misbehaviour } from './rivals/misbehaviour.ts';

const SLEEP_MS = 3_600_000;
const START_LIMIT_MS = 60_000;

/** A cancel through the API; the worker notes in the database when the thread is gone. */
export function assaySide({ pool, submit, started, cancel }: BenchInstallation): CancelSide {
  return {
    name: 'Assay',
    async start(behaviour) {
      const jobId = await submit(behaviour, behaviour === 'SLEEP' ? { milliseconds: SLEEP_MS } : {});
      const { pid } = await started(jobId);
      const readFreeAt = async () => {
        const { rows } = await pool.query(
          'select extract(epoch from worker_free_at)::float8 * 1000 as ms from audit_v1.jobs where id = $1',
          [jobId],
        );
        return (rows[0].ms as number | null) ?? undefined;
      };
      return {
        pid,
        cancel: () => cancel(jobId),
        freeAt: (limitMs) => until(readFreeAt, limitMs).catch(() => undefined),
        end: async () => undefined,
      };
    },
  };
}

/** A worker of BullMQ and its queue in one process, for each job anew: what spins there could not be stopped otherwise. */
export function bullSide(redisSocket: string): CancelSide {
  return {
    name: 'BullMQ',
    async start(behaviour) {
      await using closing = new AsyncDisposableStack();
      const [child] = await startRivalProcess('bullmq-cancel', { REDIS_SOCKET: redisSocket }, closing);
      return await runIn({ worker: child, client: child }, behaviour, closing.move());
    },
  };
}

/** A worker and a client of pg-boss in two processes, for each job anew. */
export function bossSide(databaseUrl: string): CancelSide {
  return {
    name: 'pg-boss',
    async start(behaviour) {
      await using closing = new AsyncDisposableStack();
      const env = { DATABASE_URL: databaseUrl };
      const [client] = await startRivalProcess('pg-boss-cancel', { ...env, ROLE: 'client' }, closing);
      const [worker] = await startRivalProcess('pg-boss-cancel', { ...env, ROLE: 'worker' }, closing);
      return await runIn({ worker, client }, behaviour, closing.move());
    },
  };
}

async function runIn(
  { worker, client }: { worker: ChildProcess; client: ChildProcess },
  behaviour: Misbehaviour,
  running: AsyncDisposableStack,
): Promise<RunningJob> {
  const started = nextMessage(worker, ['started'], START_LIMIT_MS);
  client.send(behaviour);
  await started;
  // Listened for from here on: the handler may be over before the answer to the cancel has come.
  const free = nextMessage(worker, ['free'], START_LIMIT_MS).then(clockMs, () => undefined);
  return {
    pid: worker.pid ?? 0,
    async cancel() {
      const answer = nextMessage(client, ['cancelled', 'refused'], START_LIMIT_MS);
      client.send('cancel');
      if ((await answer) === 'refused') throw new Error('The cancel was refused.');
    },
    freeAt: (limitMs) => Promise.race([free, after(limitMs)]),
    end: () => running.disposeAsync(),
  };
}

/** @throws when none of these comes within the limit */
async function nextMessage(child: ChildProcess, wanted: readonly string[], limitMs: number): Promise<string> {
  for await (const [message] of on(child, 'message', { signal: AbortSignal.timeout(limitMs) })) {
    if (wanted.includes(message)) return message;
  }
  throw new Error(`Nothing came of ${wanted.join(' or ')}.`);
}

const after = (ms: number): Promise<undefined> =>
  new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref());
