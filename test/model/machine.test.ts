import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { beat } from '../../src/lifecycle/heartbeat.ts';
import { createLifecycle } from '../../src/lifecycle/lifecycle.ts';
import { createOrm } from '../../src/orm.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { history } from './acts.ts';
import { playHistory } from './history.ts';
import { openStage, type Stage } from './stage.ts';

// Random histories over the real database, each held against the model after every batch of acts that ran at once.
// `npm run model -- --histories 5000 --seed 1` plays more of them; it sets the environment that is read here.

const HISTORIES = Number(process.env.MODEL_HISTORIES ?? 500);
/** The suite plays the same histories each time, which meet differently each time; `npm run model` draws others. */
const SEED = Number(process.env.MODEL_SEED ?? 1);
/** Of one history that failed, as fast-check printed it; its seed goes with it. */
const PATH = process.env.MODEL_PATH;
/** A history mostly waits for its own acts, so some are played side by side, each on a database of its own. */
const LANES = PATH === undefined ? 3 : 1;
const LIMIT_MS = 60_000 + HISTORIES * 1_000;

const parameters = (lane: number) => ({
  seed: SEED + lane,
  numRuns: Math.ceil(HISTORIES / LANES),
  interruptAfterTimeLimit: LIMIT_MS,
  markInterruptAsFailure: true,
  ...(PATH === undefined ? {} : { path: PATH }),
});

describe('any history of acts that run at once', () => {
  const databases: TestDatabase[] = [];
  const stages: Stage[] = [];

  beforeAll(async () => {
    for (let lane = 0; lane < LANES; lane += 1) {
      const database = await createTestDatabase();
      databases.push(database);
      stages.push(await openStage(database.pool, database.url, { createLifecycle, createOrm, beat }));
    }
  });

  afterAll(async () => {
    for (const stage of stages) await stage.close();
    for (const database of databases) await database.drop();
  });

  it(
    'has an order that explains every answer, row, event, entry and task',
    async () => {
      const startedAt = performance.now();
      console.log(`model: ${HISTORIES} histories, seed ${SEED}, in ${LANES} lanes with the seeds from there on`);
      const lanes = await Promise.allSettled(
        stages.map((stage, lane) =>
          fc.assert(
            fc.asyncProperty(history, (played) => playHistory(stage, played)),
            parameters(lane),
          ),
        ),
      );
      for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason;
      console.log(`model: explained in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
    },
    LIMIT_MS + 30_000,
  );
});
