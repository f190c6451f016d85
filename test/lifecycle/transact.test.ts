import type { MikroORM } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLifecycle, type Lifecycle } from '../../src/lifecycle/lifecycle.ts';
import { transact } from '../../src/lifecycle/transact.ts';
import { useDatabase } from '../support/database.ts';
import { type JobOptions, type MadeJob, makeAccount, makeJob } from '../support/factory.ts';
import { createPatientOrm } from '../support/orm.ts';
import { cancelOf, retryOf, work } from './lifecycles.ts';
import { holdLock } from './rows.ts';

const database = useDatabase();
let orm: MikroORM;
let onRollback: () => Promise<void> = async () => undefined;

beforeAll(async () => {
  orm = await createPatientOrm({ url: database().url, name: 'impatient', lockMs: 100 });
  orm.em.getEventManager().registerSubscriber({ afterTransactionRollback: () => onRollback() });
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
    await using patient = await createPatientOrm({ url: database().url, name: 'patient' }).then((made) => ({
      orm: made,
      [Symbol.asyncDispose]: () => made.close(),
    }));
    const users = [await makeAccount(database().pool), await makeAccount(database().pool)] as const;
    const bothHaveOne = Promise.withResolvers<void>();
    const oneIsDone = Promise.withResolvers<void>();
    let waiting = 0;
    let tries = 0;
    const crossing = async (first: string, second: string) => {
      await transact(patient.orm.em.fork(), async (em) => {
        tries += 1;
        // Who was chosen comes again when the other is done, or the two might cross once more.
        if (tries > 2) await oneIsDone.promise;
        await sql`update accounts set balance = balance where user_id = ${first}`.execute(em.getKysely());
        waiting += 1;
        if (waiting === 2) bothHaveOne.resolve();
        await bothHaveOne.promise;
        await sql`update accounts set balance = balance where user_id = ${second}`.execute(em.getKysely());
      });
      oneIsDone.resolve();
    };
    await Promise.all([crossing(users[0], users[1]), crossing(users[1], users[0])]);
    expect(tries).toBe(3);
  });
});

describe('whoever waits too long for', () => {
  const lockJob = 'select from analysis_jobs where id = $1';
  const withAccount = async () => ({ userId: await makeAccount(database().pool, { balance: 2 }), jobId: '' });
  const withJob = (status: JobOptions['status']) => () => makeJob(database().pool, { status });

  interface Waiter {
    name: string;
    make: () => Promise<Pick<MadeJob, 'userId' | 'jobId'>>;
    act: (lifecycle: Lifecycle, made: Pick<MadeJob, 'userId' | 'jobId'>) => Promise<{ outcome: string } | undefined>;
    outcome: string;
  }
  const waiters: Waiter[] = [
    {
      name: 'an account submits all the same',
      make: withAccount,
      act: async (lifecycle, { userId }) => (await lifecycle.submit(userId, [work()])).outcomes[0],
      outcome: 'SUBMITTED',
    },
    {
      name: 'an account is granted its tokens all the same',
      make: withAccount,
      act: (lifecycle, { userId }) =>
        lifecycle.grant({ userId, amount: 1, reason: 'A test', grantedBy: 'service:desk' }),
      outcome: 'GRANTED',
    },
    {
      name: 'a job cancels it all the same',
      make: withJob('QUEUED'),
      act: (lifecycle, made) => lifecycle.cancel(cancelOf(made)),
      outcome: 'CANCELLED',
    },
    {
      name: 'a job cancels it among others all the same',
      make: withJob('QUEUED'),
      act: async (lifecycle, made) => (await lifecycle.cancelMany([made.jobId], cancelOf(made)))[0],
      outcome: 'CANCELLED',
    },
    {
      name: 'a job retries it all the same',
      make: withJob('FAILED'),
      act: (lifecycle, made) => lifecycle.retry(retryOf(made)),
      outcome: 'RETRIED',
    },
    {
      name: 'a job deletes it all the same',
      make: withJob('COMPLETED'),
      act: (lifecycle, { jobId, userId }) => lifecycle.bury(jobId, { owner: userId }),
      outcome: 'DELETED',
    },
  ];

  it.each(waiters)('$name', async ({ make, act, outcome }) => {
    const made = await make();
    const [statement, id] = made.jobId === '' ? [lockAccount, made.userId] : [lockJob, made.jobId];
    await using lock = await holdLock(database().pool, statement, [id]);
    let gaveUp = 0;
    // The lock is there for the first try, and gone before the second.
    onRollback = async () => {
      gaveUp += 1;
      await lock[Symbol.asyncDispose]();
    };
    const lifecycle = createLifecycle({ orm, startingTokens: 3, wake: () => undefined });
    expect(await act(lifecycle, made)).toMatchObject({ outcome });
    expect(gaveUp).toBe(1);
  });
});
