import { expect, it, vi } from 'vitest';
import { createCrontab, createTasks } from '../../src/tasks/index.ts';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';

const database = useDatabase();

const made = () => {
  const run = vi.fn(async () => undefined);
  const look = vi.fn(async () => undefined);
  const prune = vi.fn(async () => ({ uploads: 1, jobs: 2, events: 3 }));
  const sweep = vi.fn(async () => undefined);
  const parts = { attempts: { run }, rescuer: { look }, lifecycle: { prune }, sweeper: { sweep }, keepJobsMs: 7 };
  return { run, look, prune, sweep, tasks: createTasks(parts) };
};

it('has a task for all that the database and the clock put into the queue', async () => {
  await makeJob(database().pool, { status: 'QUEUED' });
  const { rows } = await database().pool.query('select task_identifier as name from graphile_worker.jobs');
  const names = [...rows.map(({ name }) => name), ...createCrontab().map(({ task }) => task)];
  expect(names.toSorted()).toEqual(Object.keys(made().tasks).toSorted());
});

it('hands the task of a job on to the attempt that it names', async () => {
  const { jobId } = await makeJob(database().pool, { status: 'QUEUED' });
  const { rows } = await database().pool.query(
    "select payload, run_at from graphile_worker._private_jobs where key = 'job:' || $1::text",
    [jobId],
  );
  const { run, tasks } = made();
  await tasks.run_job?.(rows[0].payload, { job: { run_at: rows[0].run_at } } as never);
  expect(run).toHaveBeenCalledExactlyOnceWith({ jobId, round: 1, attempt: 1, dueAt: rows[0].run_at });
});

it('does not resolve a task that it cannot read', async () => {
  const { run, tasks } = made();
  await expect(tasks.run_job?.({ jobId: 'one' }, {} as never)).rejects.toThrow();
  expect(run).not.toHaveBeenCalled();
});

it('looks for lost jobs once a minute', async () => {
  const { look, tasks } = made();
  await tasks.rescue_stuck_jobs?.({}, {} as never);
  expect(look).toHaveBeenCalledOnce();
  expect(minutesOf('rescue_stuck_jobs')).toHaveLength(60);
});

it('looks for bytes to remove once a minute', async () => {
  const { sweep, tasks } = made();
  await tasks.remove_files?.({}, {} as never);
  expect(sweep).toHaveBeenCalledOnce();
  expect(minutesOf('remove_files')).toHaveLength(60);
});

it('prunes once an hour what the installation does not keep, and says what went', async () => {
  const { prune, tasks } = made();
  const info = vi.fn();
  await tasks.prune?.({}, { logger: { info } } as never);
  expect(prune).toHaveBeenCalledExactlyOnceWith(7);
  expect(info.mock.calls).toEqual([[expect.stringContaining('1 uploads that no job took, 2 jobs, 3 events')]]);
  expect(minutesOf('prune')).toHaveLength(1);
});

/** The minutes of an hour at which the clock puts a task into the queue. */
function minutesOf(name: string): number[] {
  const item = createCrontab().find(({ task }) => task === name);
  const minutes = Array.from({ length: 60 }, (_, min) => min);
  return minutes.filter((min) => item?.match({ min, hour: 3, date: 1, month: 1, dow: 1 }));
}
