import type { MikroORM } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLifecycle } from '../../src/lifecycle/lifecycle.ts';
import { transact } from '../../src/lifecycle/transact.ts';
import { createOrm } from '../../src/orm.ts';
import { useDatabase } from '../support/database.ts';
import { makeAccount, makeJob } from '../support/factory.ts';
import { cancelOf, retryOf, work } from './lifecycles.ts';
import { holdLock } from './rows.ts';

const database = useDatabase();
let orm: MikroORM;

beforeAll(async () => {
  orm = await createOrm({ url: database().url, name: 'impatient', lockMs: 100 });
});
afterAll(() => orm.close());

const lockAccount = 'select from accounts where user_id = $1';

describe('a transaction', () => {
  it('that waited too long for a lock is tried again, as often as it helps', async () => {
    const userId = await makeAccount(database().pool, { balance: 2 });
    const lock = await holdLock(database().pool, lockAccount, [userId]);
    let tries = 0;
    await transact(orm.em.fork(), async (em) => {
      tries += 1;
      if (tries === 3) await lock[Symbol.asyncDispose]();
      await sql`select from accounts where user_id = ${userId} for update`.execute(em.getKysely());
    });
    expect(tries).toBe(3);
  });

  it('that never gets its lock says so after three tries', async () => {
    const userId = await makeAccount(database().pool, { balance: 2 });
    await using _lock = await holdLock(database().pool, lockAccount, [userId]);
    let tries = 0;
    const trying = transact(orm.em.fork(), async (em) => {
      tries += 1;
      await sql`select from accounts where user_id = ${userId} for update`.execute(em.getKysely());
    });
    await expect(trying).rejects.toMatchObject({ code: '55P03' });
    expect(tries).toBe(3);
  });

  it('that fails for another reason is not tried again', async () => {
    let tries = 0;
    const trying = transact(orm.em.fork(), async (em) => {
      tries += 1;
      await sql`select 1 / 0`.execute(em.getKysely());
    });
    await expect(trying).rejects.toMatchObject({ code: '22012' });
    expect(tries).toBe(1);
  });

  it('that was chosen to end a deadlock is tried again, and both are done', async () => {
    await using patient = await createOrm({ url: database().url, name: 'patient', lockMs: 5_000 }).then((made) => ({
      orm: made,
      [Symbol.asyncDispose]: () => made.close(),
    }));
    const users = [await makeAccount(database().pool), await makeAccount(database().pool)] as const;
    const bothHaveOne = Promise.withResolvers<void>();
    let waiting = 0;
    let tries = 0;
    const crossing = (first: string, second: string) =>
      transact(patient.orm.em.fork(), async (em) => {
        tries += 1;
        await sql`update accounts set balance = balance where user_id = ${first}`.execute(em.getKysely());
        waiting += 1;
        if (waiting === 2) bothHaveOne.resolve();
        await bothHaveOne.promise;
        await sql`update accounts set balance = balance where user_id = ${second}`.execute(em.getKysely());
      });
    await Promise.all([crossing(users[0], users[1]), crossing(users[1], users[0])]);
    expect(tries).toBe(3);
  });
});

describe('whoever waits too long for', () => {
  /** Lets go of a lock when somebody waits for it in a second transaction, after one that gave up. */
  async function letGoAtSecondTry(lock: AsyncDisposable): Promise<void> {
    const seen = new Set<string>();
    while (seen.size < 2) {
      const { rows } = await database().pool.query<{ began: string }>(
        `select xact_start::text as began from pg_stat_activity
         where datname = current_database() and application_name = 'impatient' and wait_event_type = 'Lock'`,
      );
      for (const { began } of rows) seen.add(began);
    }
    await lock[Symbol.asyncDispose]();
  }

  const lifecycle = () => createLifecycle({ orm, startingTokens: 3, wake: () => undefined });
  const lockJob = 'select from analysis_jobs where id = $1';

  it.each([
    {
      name: 'an account submits all the same',
      act: async () => {
        const userId = await makeAccount(database().pool, { balance: 2 });
        const lock = await holdLock(database().pool, lockAccount, [userId]);
        const [submitted] = await Promise.all([lifecycle().submit(userId, [work()]), letGoAtSecondTry(lock)]);
        return submitted.outcomes[0]?.outcome;
      },
      outcome: 'SUBMITTED',
    },
    {
      name: 'an account is granted its tokens all the same',
      act: async () => {
        const userId = await makeAccount(database().pool, { balance: 2 });
        const lock = await holdLock(database().pool, lockAccount, [userId]);
        const granting = lifecycle().grant({ userId, amount: 1, reason: 'A test', grantedBy: 'service:desk' });
        return (await Promise.all([granting, letGoAtSecondTry(lock)]))[0].outcome;
      },
      outcome: 'GRANTED',
    },
    {
      name: 'a job cancels it all the same',
      act: async () => {
        const job = await makeJob(database().pool, { status: 'QUEUED' });
        const lock = await holdLock(database().pool, lockJob, [job.jobId]);
        return (await Promise.all([lifecycle().cancel(cancelOf(job)), letGoAtSecondTry(lock)]))[0].outcome;
      },
      outcome: 'CANCELLED',
    },
    {
      name: 'a job cancels it among others all the same',
      act: async () => {
        const job = await makeJob(database().pool, { status: 'QUEUED' });
        const lock = await holdLock(database().pool, lockJob, [job.jobId]);
        const cancelling = lifecycle().cancelMany([job.jobId], cancelOf(job));
        return (await Promise.all([cancelling, letGoAtSecondTry(lock)]))[0][0]?.outcome;
      },
      outcome: 'CANCELLED',
    },
    {
      name: 'a job retries it all the same',
      act: async () => {
        const job = await makeJob(database().pool, { status: 'FAILED' });
        const lock = await holdLock(database().pool, lockJob, [job.jobId]);
        return (await Promise.all([lifecycle().retry(retryOf(job)), letGoAtSecondTry(lock)]))[0].outcome;
      },
      outcome: 'RETRIED',
    },
    {
      name: 'a job deletes it all the same',
      act: async () => {
        const job = await makeJob(database().pool, { status: 'COMPLETED' });
        const lock = await holdLock(database().pool, lockJob, [job.jobId]);
        const deleting = lifecycle().bury(job.jobId, { owner: job.userId });
        return (await Promise.all([deleting, letGoAtSecondTry(lock)]))[0].outcome;
      },
      outcome: 'DELETED',
    },
  ])('$name', async ({ act, outcome }) => {
    expect(await act()).toBe(outcome);
  });
});
