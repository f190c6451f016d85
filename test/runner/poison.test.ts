import { expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import type { ProbeInput } from '../support/probe-kinds.ts';
import { startProcess } from '../support/process.ts';
import { FAST, HEALED, useWorkers } from '../support/workers.ts';

const database = useDatabase({ settlesLater: HEALED });
const workers = useWorkers(database);

const RUN_LIMIT_MS = 15_000;

/** What becomes of jobs that harm whoever runs them. */
const poisons: [ProbeInput['does'], attempts: number, code: string][] = [
  ['EXIT', 3, 'HANDLER_ERROR'],
  ['UNCAUGHT', 3, 'HANDLER_ERROR'],
  ['MEMORY', 3, 'HANDLER_ERROR'],
  // Over its limit it fails at once, attempts left or not.
  ['SPIN', 1, 'STUCK'],
];

function spawnWorker() {
  const script = new URL('../support/worker-process.ts', import.meta.url).pathname;
  const env = { ...FAST, ASSAY_RUN_LIMIT_PROBE_MS: `${RUN_LIMIT_MS}`, DATABASE_URL: database().url };
  return startProcess(process.execPath, [script], { env });
}

it('fails poisonous jobs after their attempts, with one refund; all other jobs complete, and the fleet lives on', {
  timeout: 120_000,
}, async () => {
  await using one = spawnWorker();
  await using other = spawnWorker();
  await Promise.all([one, other].map((worker) => worker.waitForOutput(/worker started/)));
  const healthy: string[] = [];
  const poisonous = new Map<string, (typeof poisons)[number]>();
  for (const poison of poisons) {
    healthy.push(await workers.submit({ does: 'SLEEP', milliseconds: 300 }));
    poisonous.set(await workers.submit({ does: poison[0] }), poison);
    healthy.push(await workers.submit({ does: 'ECHO' }));
  }
  for (const jobId of healthy) expect(await workers.reach(jobId, 'COMPLETED', 60_000)).toMatchObject({ balance: 8 });
  for (const [jobId, [, attempt, failureCode]] of poisonous) {
    expect(await workers.reach(jobId, 'FAILED', 60_000)).toMatchObject({ attempt, failureCode, balance: 10 });
    await workers.free(jobId);
    const { rows } = await database().pool.query(
      'select entry, amount from ledger_entries where job_id = $1 order by id',
      [jobId],
    );
    expect(rows).toEqual([
      { entry: 'CHARGE', amount: -2 },
      { entry: 'REFUND', amount: 2 },
    ]);
  }
  for (const worker of [one, other]) {
    worker.kill('SIGTERM');
    expect(await worker.waitForEnd()).toEqual({ code: 0, signal: null });
  }
});
