import { beforeAll, expect, it } from 'vitest';
import { createMetrics, type Metrics } from '../../src/metrics.ts';
import { useDatabase } from '../support/database.ts';
import { samplesOf } from '../support/samples.ts';
import { HEALED, scratchFile, untilHandled, useWorkers } from '../support/workers.ts';

const database = useDatabase({ settlesLater: HEALED });
const workers = useWorkers(database);

let metrics: Metrics;
beforeAll(async () => {
  metrics = createMetrics();
  await workers.start({ ASSAY_WORKER_CONCURRENCY: '3' }, { metrics });
});

const value = async (sample: string) => samplesOf(await metrics.print()).get(sample) ?? 0;

it('counts how attempts end, how long they waited and ran, and how many run', async () => {
  const file = scratchFile();
  const completed = await workers.submit({ does: 'SLEEP', milliseconds: 20 });
  await workers.reach(completed, 'COMPLETED');
  const failed = await workers.submit({ does: 'THROW' }, 1);
  await workers.reach(failed, 'FAILED');
  const cancelled = await workers.submit({ does: 'HANG_ONCE', file });
  await untilHandled(file);
  // The row of the one before is written a little before its attempt is over.
  await expect.poll(() => value('assay_attempts_running')).toBe(1);
  await workers.cancel(cancelled);
  await workers.free(cancelled);
  await expect.poll(() => value('assay_attempts_running')).toBe(0);
  const ended = (outcome: string) => value(`assay_run_seconds_count{kind="PROBE",outcome="${outcome}"}`);
  expect([await ended('complete'), await ended('fail'), await ended('ended')]).toEqual([1, 1, 1]);
  expect(await value('assay_queue_wait_seconds_count{kind="PROBE"}')).toBe(3);
  expect(await value('assay_worker_concurrency')).toBe(3);
  expect(await value('assay_cancel_seconds_count')).toBe(1);
  expect(await value('assay_moves_total{move="start"}')).toBe(3);
});

it('counts no wait for a task that was put off, before it is due', async () => {
  const before = await value('assay_queue_wait_seconds_sum{kind="PROBE"}');
  // A task is due from the beginning of its submit's transaction on, which is before its first event.
  const begun = await database().pool.query('select clock_timestamp()::text as at');
  const jobId = await workers.submit({ does: 'THROW' }, 2);
  await workers.reach(jobId, 'FAILED');
  const { rows } = await database().pool.query(
    `select extract(epoch from max(at) filter (where type = 'STARTED') - $2::timestamptz)::float8 as seconds
     from job_events where job_id = $1`,
    [jobId, begun.rows[0].at],
  );
  // Both waits together are less than what lies between the submit and the second start: a backoff is no wait.
  expect((await value('assay_queue_wait_seconds_sum{kind="PROBE"}')) - before).toBeLessThan(rows[0].seconds);
});
