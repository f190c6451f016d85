import { setTimeout as delay } from 'node:timers/promises';
import { clockMs, describeMs } from './figures.ts';
import { startInstallation, until } from './installation.ts';

/** So that the handler is really at it, and not still being started. */
const SETTLE_MS = 150;

/** How long a cancel takes, until it is answered and until the thread is gone, of jobs that listen to nobody. */
export async function benchCancel(count: number): Promise<string[]> {
  await using installation = await startInstallation({ workers: 1 });
  const { pool } = installation;
  const lines: string[] = [];
  for (const behaviour of ['SPIN', 'HANG']) {
    const answered: number[] = [];
    const free: number[] = [];
    for (let time = 0; time < count; time += 1) {
      const jobId = await installation.submit(behaviour);
      await installation.started(jobId);
      await delay(SETTLE_MS);
      const requestedAt = clockMs();
      await installation.cancel(jobId);
      answered.push(clockMs() - requestedAt);
      const freeAt = await until(async () => {
        const { rows } = await pool.query(
          'select extract(epoch from worker_free_at)::float8 * 1000 as ms from audit_v1.jobs where id = $1',
          [jobId],
        );
        return (rows[0].ms as number | null) ?? undefined;
      });
      free.push(freeAt - requestedAt);
    }
    lines.push(describeMs(`${behaviour}: request → CANCELLED`, answered));
    lines.push(describeMs(`${behaviour}: request → thread gone`, free));
  }
  return lines;
}
