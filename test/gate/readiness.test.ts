import { randomUUID } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createReadiness } from '../../src/gate/readiness.ts';
import { createLog } from '../../src/log.ts';
import { createOrm } from '../../src/orm.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();
let orm: MikroORM;
beforeAll(async () => {
  orm = await createOrm({ url: database().url });
});
afterAll(() => orm.close());

const look = (options: { listening?: boolean; migrated?: boolean } = {}, of = orm) =>
  createReadiness({
    orm: of,
    leaseMs: 10_000,
    isListening: () => options.listening ?? true,
    isMigrated: async () => options.migrated ?? true,
    log: createLog({ level: 'silent' }),
  })();

it('an API is ready without workers, and says how many are alive', async () => {
  expect(await look()).toEqual({ ready: true, database: true, migrations: true, feed: true, workers: 0 });
  const insert = `insert into workers (id, pool_id, host, pid, concurrency, heartbeat_at)
                  values ($1, $2, 'host', 1, 1, now() - $3::interval)`;
  await database().pool.query(insert, [randomUUID(), 'alive', '1 second']);
  await database().pool.query(insert, [randomUUID(), 'gone', '11 seconds']);
  expect(await look()).toMatchObject({ ready: true, workers: 1 });
});

it('an API is not ready before the migrations, or while no wake-ups arrive', async () => {
  expect(await look({ migrated: false })).toMatchObject({ ready: false, database: true, migrations: false });
  expect(await look({ listening: false })).toMatchObject({ ready: false, migrations: true, feed: false });
});

it('an API is not ready while the database does not answer, and says so soon', async () => {
  const client = await database().pool.connect();
  const impatient = await createOrm({ url: database().url, statementMs: 300 });
  try {
    await client.query('begin; lock table workers in access exclusive mode');
    const began = performance.now();
    expect(await look({}, impatient)).toEqual({
      ready: false,
      database: false,
      migrations: false,
      feed: true,
      workers: null,
    });
    expect(performance.now() - began).toBeLessThan(10_000);
  } finally {
    await client.query('rollback');
    client.release();
    await impatient.close();
  }
});
