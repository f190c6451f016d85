import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { history } from './acts.ts';
import { playHistory } from './history.ts';
import { openStage, type Stage } from './stage.ts';
import { buildVariant } from './variant-build.ts';
import { VARIANTS, type Variant } from './variants.ts';

// The model is worth what it sees: lifecycles and databases with a fault that somebody could put into them one day.

const SEED = Number(process.env.MODEL_SEED ?? 1);
const tried = VARIANTS.filter(({ isRare }) => process.env.MODEL_VARIANTS === 'all' || !isRare);
/** Far more than any of them needs, because which acts meet is the machine's affair. */
const HISTORIES = 5_000;
const LIMIT_MS = 900_000;

async function withStage<T>(variant: Variant, act: (stage: Stage) => Promise<T>): Promise<T> {
  await using built = await buildVariant(variant);
  const database = await createTestDatabase({ bent: 'a faulty lifecycle leaves faulty rows' });
  try {
    if (variant.bend) await database.pool.query(variant.bend);
    const stage = await openStage(database.pool, database.url, built.build);
    return await act(stage).finally(() => stage.close());
  } finally {
    await database.drop();
  }
}

describe.concurrent('histories catch', () => {
  it.each(tried)(
    '$name: $fault',
    async (variant) => {
      const outcome = await withStage(variant, (stage) =>
        fc.check(
          fc.asyncProperty(history, (played) => playHistory(stage, played)),
          { seed: SEED, numRuns: HISTORIES, endOnFailure: true },
        ),
      );
      // The fault must be seen in what it does, not in an edit that no longer fits the code around it.
      expect(String(outcome.errorInstance)).not.toMatch(/ReferenceError|TypeError|syntax error|does not exist/);
      expect(outcome.failed, `${variant.name}: ${HISTORIES} histories from seed ${SEED} saw nothing`).toBe(true);
      console.log(`model: "${variant.name}" caught by history ${outcome.numRuns} of seed ${SEED}`);
    },
    LIMIT_MS,
  );
});
