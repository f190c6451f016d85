// One of two processes of pg-boss, by ROLE. The `worker` runs jobs, and says `started` and `free`. The `client` is sent a
// behaviour to submit, or `cancel`, to which it answers `cancelled` or `refused`: a worker whose job spins hears nothing.
import { PgBoss } from 'pg-boss';
import { type Misbehaviour, misbehave } from './misbehaviour.ts';

const QUEUE = 'cancel';
const say = (what: string) => process.send?.(what);
const boss = new PgBoss({ connectionString: process.env.DATABASE_URL ?? '', schema: 'bench_pg_boss' });
boss.on('error', () => undefined);
await boss.start();
// The worker sees at its next heartbeat that its job was cancelled. Ten seconds are the least that a queue may have, and by
// default it is sent half as often.
await boss.createQueue(QUEUE, { heartbeatSeconds: 10, retryLimit: 0 });

if (process.env.ROLE === 'worker') {
  const options = { pollingIntervalSeconds: 0.5, heartbeatRefreshSeconds: 1 };
  await boss.work<{ behaviour: Misbehaviour }>(QUEUE, options, async ([job]) => {
    say('started');
    try {
      await misbehave[job?.data.behaviour ?? 'SLEEP'](job?.signal);
    } finally {
      say('free');
    }
  });
} else {
  await boss.deleteAllJobs(QUEUE);
  let submitted: string | null = null;
  process.on('message', async (order: Misbehaviour | 'cancel') => {
    if (order !== 'cancel') {
      submitted = await boss.send(QUEUE, { behaviour: order });
      return;
    }
    // Its declared type says nothing of what it holds.
    const { affected } = (await boss.cancel(QUEUE, submitted ?? '')) as { affected?: number };
    say(affected === 1 ? 'cancelled' : 'refused');
  });
}
process.on('disconnect', () => process.exit(0));
say('ready');
