import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { emptyDatabase, type TestDatabase } from '../support/database.ts';
import { runAssay } from './assay.ts';

let cwd: string;
let database: TestDatabase;
beforeEach(async () => {
  cwd = await mkdtemp(path.join(tmpdir(), 'assay-migrate-'));
  database = await emptyDatabase();
});
afterEach(async () => {
  await database.drop();
  await rm(cwd, { recursive: true, force: true });
});

it('assay migrate brings a database up and down, and says where it stands', async () => {
  const run = async (direction: string) => {
    const { code, stdout, stderr } = await runAssay(['migrate', direction], {
      cwd,
      env: { DATABASE_URL: database.url },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout.trim().split('\n');
  };
  const pending = await run('status');
  expect(pending.length).toBeGreaterThan(0);
  for (const line of pending) expect(line).toMatch(/^\d{4}_\w+ {2}pending$/);

  expect(await run('up')).toEqual(pending.map((line) => line.replace('pending', 'applied')));
  for (const line of await run('status')) expect(line).toMatch(/ {2}applied \d{4}-\d\d-\d\dT/);
  expect(await run('up')).toEqual(['Nothing to do: the schema is the newest.']);

  expect(await run('down')).toEqual([pending.at(-1)?.replace('pending', 'taken back')]);
  expect((await run('status')).at(-1)).toBe(pending.at(-1));
});

it('assay migrate tells in one line when the database cannot be reached, without its password', async () => {
  const url = 'postgres://assay:hunter2@127.0.0.1:1/assay';
  const { code, stdout, stderr } = await runAssay(['migrate', 'up'], { cwd, env: { DATABASE_URL: url } });
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: '',
    stderr: 'The database 127.0.0.1:1/assay refuses the connection. Is PostgreSQL running there?\n',
  });
});
