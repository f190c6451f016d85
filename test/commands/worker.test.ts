import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../src/migrate.ts';
import { emptyDatabase, useDatabase } from '../support/database.ts';
import { samplesOf, typesOf } from '../support/samples.ts';
import { runAssay, startAssay } from './assay.ts';

const database = useDatabase();

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(path.join(tmpdir(), 'assay-worker-'));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

describe('assay worker', () => {
  it('runs until it is told to stop, and needs no secret of the API', async () => {
    const env = { DATABASE_URL: database().url, ASSAY_WORKER_CONCURRENCY: '1' };
    await using worker = startAssay(['worker'], { cwd, env });
    await worker.waitForOutput(/worker started/);
    const workers = async () => (await database().pool.query('select concurrency from workers')).rows;
    await expect.poll(workers, { timeout: 20_000 }).toEqual([{ concurrency: 1 }]);
    worker.kill('SIGTERM');
    expect(await worker.waitForEnd()).toEqual({ code: 0, signal: null });
  });

  it('serves its metrics where it is told to, and nowhere else', async () => {
    const env = { DATABASE_URL: database().url, ASSAY_WORKER_CONCURRENCY: '1', ASSAY_METRICS_PORT: '0' };
    await using worker = startAssay(['worker'], { cwd, env });
    const [, url = ''] = await worker.waitForOutput(/(http:\/\/127\.0\.0\.1:\d+)/);
    await worker.waitForOutput(/worker started/);
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(samplesOf(text).get('assay_worker_concurrency')).toBe(1);
    expect(samplesOf(text).has('assay_workers_alive')).toBe(false);
    expect(typesOf(text).has('nodejs_eventloop_lag_p99_seconds')).toBe(true);
    worker.kill('SIGTERM');
    expect(await worker.waitForEnd()).toEqual({ code: 0, signal: null });
  });

  it('tells by name which port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const env = { DATABASE_URL: database().url, ASSAY_METRICS_PORT: String(port) };
    const { code, stderr } = await runAssay(['worker'], { cwd, env });
    taken.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`Port ${port} on 127.0.0.1 is taken by another program.`);
    expect(stderr).toContain(`ASSAY_METRICS_PORT=${port + 1} assay worker`);
  });

  it('does not work on the schema of an older version', async () => {
    const older = await emptyDatabase();
    try {
      await migrate(older.url);
      await migrate(older.url, 'down');
      const { code, stderr } = await runAssay(['worker'], { cwd, env: { DATABASE_URL: older.url } });
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: 'The database is not migrated: run `assay migrate up` first.\n',
      });
    } finally {
      await older.drop();
    }
  });

  it('works on the schema of a newer version, as before the old ones are restarted, and after going back', async () => {
    const newer = await emptyDatabase();
    try {
      await migrate(newer.url);
      await newer.pool.query(`insert into mikro_orm_migrations (name) values ('9999_of_a_newer_version')`);
      await using worker = startAssay(['worker'], { cwd, env: { DATABASE_URL: newer.url } });
      await worker.waitForOutput(/worker started/);
      worker.kill('SIGTERM');
      expect(await worker.waitForEnd()).toEqual({ code: 0, signal: null });
    } finally {
      await newer.drop();
    }
  });

  it('tells in one line when the database cannot be reached', async () => {
    const env = { DATABASE_URL: 'postgres://assay:hunter2@127.0.0.1:1/assay' };
    const { code, stderr } = await runAssay(['worker'], { cwd, env });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'The database 127.0.0.1:1/assay refuses the connection. Is PostgreSQL running there?\n',
    });
  });
});
