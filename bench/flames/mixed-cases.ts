import { cancelOne } from '../cancel-side.ts';
import { assaySide } from '../cancel-sides.ts';
import { startDatabase } from '../database.ts';
import { startGrown } from '../grown.ts';
import { passTransactions } from '../growth.ts';
import { PIPELINE, RESUMES } from '../growth-feeds.ts';
import { OPERATIONS, type Operation } from '../growth-operations.ts';
import { startInstallation } from '../installation.ts';
import type { Probes } from './probes.ts';
import { type Recording, record } from './recording.ts';

const BEHAVIOURS = ['SPIN', 'HANG', 'SLEEP'] as const;
const CANCELS = 8;
const STORED = 20_000;
const WARM_UPS = 2;
const TURNS = 10;
const PIPELINES = 100;

/** Jobs that spin, hang or listen are submitted, run and cancelled, one after the other. */
export async function recordCancel(probes: Probes): Promise<Recording[]> {
  await using installation = await startInstallation({ workers: 1, env: probes.env });
  const side = assaySide(installation);
  for (const behaviour of BEHAVIOURS) await cancelOne(side, behaviour);
  const work = `${CANCELS} jobs each that spin, hang and listen are submitted, begin and are cancelled; a thread that was ended has no samples`;
  const recording = await record(probes, { name: 'cancel', work }, async () => {
    for (let turn = 0; turn < CANCELS; turn += 1) {
      for (const behaviour of BEHAVIOURS) await cancelOne(side, behaviour);
    }
  });
  return [recording];
}

/** All that the growth is measured by, one after the other, over many stored jobs; what is lost is no worker's to rescue. */
export async function recordGrowth(probes: Probes): Promise<Recording[]> {
  await using server = await startDatabase();
  await using grown = await startGrown(server, STORED, await passTransactions(server), probes.env);
  const play = async (operations: readonly Operation[], turns: number) => {
    for (let turn = 0; turn < turns; turn += 1) {
      for (const { run, times } of operations) for (let time = 0; time < times; time += 1) await run(grown);
    }
  };
  const requests = [...OPERATIONS, ...RESUMES];
  const stored = `over ${STORED.toLocaleString('en')} stored jobs`;
  await play(requests, WARM_UPS);
  const work = `${TURNS} times each operation that needs no worker, one after the other, ${stored}`;
  const recording = await record(probes, { name: 'growth', work }, () => play(requests, TURNS));
  await grown.startWorker();
  await play([PIPELINE], WARM_UPS);
  const jobs = { name: 'growth', work: `${PIPELINE.name}, ${PIPELINES} times, ${stored}`, of: 'worker' } as const;
  return [recording, await record(probes, jobs, () => play([PIPELINE], PIPELINES))];
}
