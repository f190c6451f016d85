import { randomUUID } from 'node:crypto';
import type { Random } from '../../chaos/random.ts';
import { createWakeUpPublisher } from '../../src/feed/publisher.ts';
import { createLifecycle, type Lifecycle } from '../../src/lifecycle/lifecycle.ts';
import { createLog } from '../../src/log.ts';
import { createOrm } from '../../src/orm.ts';

/** Moves jobs as a worker does, over connections of its own. */
export interface Mover extends AsyncDisposable {
  readonly lifecycle: Lifecycle;
  /**
   * Begins one attempt after the other, of whatever job it comes upon, and gives it back. Several movers may come upon the
   * same one; then only one of them begins it.
   * @returns the moves that were made
   */
  moveAtRandom(jobIds: readonly string[], random: Random, isOver: (attempts: number) => boolean): Promise<number>;
}

export async function openMover(url: string): Promise<Mover> {
  const orm = await createOrm({ url, name: 'assay-test-mover', poolSize: 2 });
  const publisher = createWakeUpPublisher({ orm, log: createLog({ level: 'silent' }) });
  const lifecycle = createLifecycle({ orm, startingTokens: 3, wake: publisher.publish });
  return {
    lifecycle,
    async moveAtRandom(jobIds, random, isOver) {
      let moves = 0;
      for (let attempts = 0; !isOver(attempts); attempts += 1) {
        const lease = { jobId: random.pick(jobIds), leaseToken: randomUUID() };
        if (!(await begin(lifecycle, lease))) continue;
        // A release that counts no attempt leaves the next one the same number.
        await lifecycle.release(lease, { delayMs: 0, countsAttempt: false });
        moves += 2;
      }
      return moves;
    },
    async [Symbol.asyncDispose]() {
      await publisher.stop();
      await orm.close();
    },
  };
}

/** Begins the first attempt of a job's first round. @returns whether the job waited for one */
export async function begin(lifecycle: Lifecycle, lease: { jobId: string; leaseToken: string }): Promise<boolean> {
  const attempt = { round: 1, attempt: 1, workerId: randomUUID(), leaseMs: 3_600_000 };
  return Boolean(await lifecycle.start({ ...lease, ...attempt }));
}
