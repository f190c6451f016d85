import { PgBoss } from 'pg-boss';

export const QUEUE = 'run_job';

/**
 * @param notify whether a new job wakes the workers, with a NOTIFY in the transaction that adds it. Without it they find it
 * when they look, twice a second at the most.
 * @param options.supervise whether this instance looks after the queue, as the worker's does; only that one listens
 */
export async function openQueue(
  notify: boolean,
  options: { connectionString: string; supervise: boolean },
): Promise<PgBoss> {
  const boss = new PgBoss({ ...options, schedule: false, useListenNotify: notify && options.supervise });
  boss.on('error', (error) => console.error(error));
  boss.on('warning', ({ message }) => console.error(message));
  await boss.start();
  await boss.createQueue(QUEUE, { notify });
  return boss;
}
