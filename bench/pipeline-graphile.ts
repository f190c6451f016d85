import { makeWorkerUtils } from 'graphile-worker';
import { Completions } from './completions.ts';
import type { BenchDatabase } from './database.ts';
import { within } from './patience.ts';
import type { PipelineSide } from './pipeline-sides.ts';
import { startRivalProcess, stopRivalProcess } from './rival-process.ts';
import { createDatabase } from './rivals.ts';

const PATIENCE_MS = 60_000;
const LEFT = 'select count(*)::int as left from graphile_worker.jobs';

interface GraphileParts {
  database: BenchDatabase;
  /** Tasks that a worker runs at once. */
  concurrency: number;
  /** Tasks that it takes ahead at one time; none where it is 0. */
  localQueue: number;
}

/**
 * Tasks of graphile-worker that do nothing: no API, no rows, no events. Its worker tells by a pipe what it has run, and takes
 * it from the table a moment later: only then a task is done.
 */
export async function graphilePipeline(
  { database, concurrency, localQueue }: GraphileParts,
  closing: AsyncDisposableStack,
): Promise<PipelineSide> {
  const { url, pool } = await createDatabase(database, `rival_graphile_worker_${localQueue}`, closing);
  const queue = await makeWorkerUtils({ connectionString: url });
  await queue.migrate();
  closing.defer(() => queue.release());
  const completions = new Completions();
  return {
    completions,
    submit: async () => (await queue.addJob('nothing', {})).id,
    async startWorker() {
      const env = { DATABASE_URL: url, CONCURRENCY: String(concurrency), LOCAL_QUEUE: String(localQueue) };
      const [child] = await startRivalProcess('graphile-worker', env, closing);
      child.on('message', (jobId) => completions.note(String(jobId)));
      return () => stopRivalProcess(child);
    },
    async settle() {
      const isEmpty = async () => (await pool.query<{ left: number }>(LEFT)).rows[0]?.left === 0;
      if (!(await within(PATIENCE_MS, isEmpty))) throw new Error('graphile-worker has kept some of its tasks');
    },
    async expectDone(jobs) {
      const { rows } = await pool.query<{ left: number }>(LEFT);
      if (rows[0]?.left !== 0) throw new Error(`graphile-worker has run ${jobs} tasks, and kept ${rows[0]?.left}`);
    },
  };
}
