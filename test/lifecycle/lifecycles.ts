import { randomUUID } from 'node:crypto';
import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import type pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import type { Start } from '../../src/lifecycle/attempt.ts';
import type { Cancel } from '../../src/lifecycle/cancel.ts';
import { createLifecycle, type Lifecycle, type LifecycleOptions } from '../../src/lifecycle/lifecycle.ts';
import type { Retry } from '../../src/lifecycle/retry.ts';
import { STOP_CHANNEL } from '../../src/lifecycle/stop-channel.ts';
import type { Submission } from '../../src/lifecycle/submit.ts';
import { waitUntilServerIsAged } from '../support/database.ts';
import type { JobOptions, MadeJob } from '../support/factory.ts';
import { createPatientOrm } from '../support/orm.ts';
import type { Bent } from './invariants.ts';

/** What a user owns when a test's lifecycle first sees him. */
export const STARTING_TOKENS = 3;

/** A lifecycle on a pool of its own, as each API process and each worker has one. */
export interface Process {
  orm: MikroORM;
  lifecycle: Lifecycle;
  /** The jobs it sent a wake-up for, in order. */
  woken: string[];
}

/** A process under the given name (see pg_stat_activity) for the tests of a file. */
export function useProcess(
  database: () => { url: string },
  name: string,
  limits: Pick<LifecycleOptions, 'queuedPerUser'> = {},
): () => Process {
  let process: Process | undefined;
  beforeAll(async () => {
    const orm = await createPatientOrm({ url: database().url, name });
    const woken: string[] = [];
    const wake = (wakeUps: { jobId: string }[]) => void woken.push(...wakeUps.map(({ jobId }) => jobId));
    process = { orm, woken, lifecycle: createLifecycle({ orm, startingTokens: STARTING_TOKENS, wake, ...limits }) };
  });
  afterAll(async () => {
    await process?.orm.close();
  });
  return () => process!;
}

/** One piece of work to submit. */
export function work(options: Partial<Omit<Submission, 'userId'>> = {}): Omit<Submission, 'userId'> {
  return {
    kind: 'ASSESSMENT',
    name: 'My assessment',
    testData: { answers: [5, 4, 3] },
    price: 1,
    maxAttempts: 3,
    tierPriority: 0,
    ...options,
  };
}

/** For tests that start attempts without taking their tasks off the queue. */
export const TAKES_NO_TASK: Bent = {
  'runnable-task-has-waiting-job': 'a start in these tests takes no task off the queue',
};

/** Every way in which a job can stand. */
export const STANDINGS: readonly JobOptions[] = [
  { status: 'QUEUED' },
  { status: 'PROCESSING' },
  { status: 'COMPLETED' },
  { status: 'FAILED' },
  { status: 'FAILED', threadRuns: true },
  { status: 'CANCELLED' },
  { status: 'CANCELLED', attempt: 1, threadRuns: true },
  { status: 'COMPLETED', deleted: true },
];

/** What a user's cancel carries. */
export const cancelOf = ({ jobId, userId }: Pick<MadeJob, 'jobId' | 'userId'>): Cancel => ({
  jobId,
  scope: { owner: userId },
  message: 'Cancelled by user',
});

/** What a user's retry carries. */
export const retryOf = ({ jobId, userId }: Pick<MadeJob, 'jobId' | 'userId'>, price = 1): Retry => ({
  jobId,
  scope: { owner: userId },
  priceOf: () => price,
  tierPriority: 0,
});

/**
 * A unit of work into which something else slips just before its nth look at a row: the moment between a refusal and the
 * question why.
 */
export function interrupted(orm: MikroORM, act: () => Promise<unknown>, nth = 1): EntityManager {
  let looks = 0;
  const watch = (em: EntityManager): EntityManager =>
    new Proxy(em, {
      get(target, key) {
        if (key === 'fork') return (...given: Parameters<EntityManager['fork']>) => watch(target.fork(...given));
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== 'function') return value;
        if (key !== 'findOne') return value.bind(target);
        return async (...given: unknown[]) => {
          looks += 1;
          if (looks === nth) await act();
          return await value.apply(target, given);
        };
      },
    });
  return watch(orm.em.fork());
}

/** Listens for the leases that workers are told to stop, until the block ends. */
export async function hearStops(pool: pg.Pool): Promise<AsyncDisposable & { read: () => Promise<string[]> }> {
  const client = await pool.connect();
  const heard: string[] = [];
  let onHeard = () => {};
  const hear = ({ payload = '' }: pg.Notification) => {
    heard.push(payload);
    onHeard();
  };
  client.on('notification', hear);
  await client.query(`listen ${STOP_CHANNEL}`);
  return {
    /** All that was told so far: notifications come in the order of the commits, so a last one of ours ends the row. */
    async read() {
      const mark = randomUUID();
      const marked = new Promise<void>((resolve) => {
        onHeard = () => heard.includes(mark) && resolve();
      });
      await pool.query('select pg_notify($1, $2)', [STOP_CHANNEL, mark]);
      await marked;
      return heard.splice(0).filter((payload) => payload !== mark);
    },
    async [Symbol.asyncDispose]() {
      await client.query('unlisten *');
      client.off('notification', hear);
      client.release();
    },
  };
}

/** The start of a job's next attempt by a worker of its own. */
export function nextAttempt({ jobId, round, attempt }: Pick<MadeJob, 'jobId' | 'round' | 'attempt'>): Start {
  return { jobId, round, attempt: attempt + 1, workerId: randomUUID(), leaseToken: randomUUID(), leaseMs: 60_000 };
}

/** A lease, in milliseconds: far longer than a test may stand still, so that who was just heard of is alive to a rescue. */
const LEASE_MS = 8_000;

/**
 * A lease that a worker of an hour ago has lost, and had lost half a lease ago. A lease counts from the start of the server at the
 * earliest, and the server of the tests is young: where it is too young for that, this waits until it is old enough.
 */
export async function readLease(pool: pg.Pool): Promise<number> {
  await waitUntilServerIsAged(pool, 1.5 * LEASE_MS + 100);
  return LEASE_MS;
}

/**
 * For a rescue of a test: a proof of the connection that never gets old. A real one does within half a lease, and then nobody is
 * judged, which is right and not what these tests are about.
 */
export const ALWAYS = 'infinity';
