import { expect, it, vi } from 'vitest';
import { createCrontab, createTasks } from '../../src/tasks/index.ts';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';

const database = useDatabase();

const made = () => {
  const run = vi.fn(async () => undefined);
  const look = vi.fn(async () => undefined);
  return { run, look, tasks: createTasks({ attempts: { run }, rescuer: { look } }) };
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
    "select payload from graphile_worker._private_jobs where key = 'job:' || $1::text",
    [jobId],
  );
  const { run, tasks } = made();
  await tasks.run_job?.(rows[0].payload, {} as never);
  expect(run).toHaveBeenCalledExactlyOnceWith({ jobId, round: 1, attempt: 1 });
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
  const [item] = createCrontab();
  const everyMinute = [0, 17, 59].map((min) => item?.match({ min, hour: 3, date: 1, month: 1, dow: 1 }));
  expect(everyMinute).toEqual([true, true, true]);
});
