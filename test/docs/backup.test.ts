import { randomUUID } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { CLI } from '../commands/assay.ts';
import { findBackupTools } from '../support/backup-tools.ts';
import { useDatabase } from '../support/database.ts';
import { createInstallation, type Installation, post } from '../support/installation.ts';
import { readPage } from '../support/page-session.ts';
import { startProcess } from '../support/process.ts';
import { startThrowAwayServer } from '../support/throw-away-server.ts';
import { FAST, LEASE_MS } from '../support/workers.ts';

const page = readPage('backup.md');
const commandOf = (name: string) => new RegExp(`^\`\`\`sh ${name}\\n(.*?)^\`\`\`$`, 'ms').exec(page)?.[1] ?? '';
const root = path.join(import.meta.dirname, '../..');
const database = useDatabase();
const LONG = { behaviour: 'SLEEP', milliseconds: 60_000 };

/** A folder in which the commands of the page can be run, as its reader has it. */
async function readersFolder(toolsFolder: string): Promise<{ folder: string; path: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'assay-backup-page-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const assay = path.join(folder, 'assay');
  await writeFile(assay, `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`);
  await chmod(assay, 0o755);
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'), 'dir');
  await writeFile(path.join(folder, 'package.json'), '{}');
  return { folder, path: [folder, toolsFolder, process.env.PATH].filter(Boolean).join(path.delimiter) };
}

/** A user of an installation. */
async function userOf(installation: Installation, url: string, sub: string) {
  const token = await installation.userToken(sub);
  const ask = async <Data>(query: string, input: object) => {
    const { data, errors } = await post(url, token, query, { input });
    expect(errors).toBeUndefined();
    return data?.payload as Data;
  };
  return {
    probe: async (input: object) =>
      (
        await ask<{ job: { id: string } }>(
          'mutation ($input: SubmitProbeInput!) { payload: submitProbe(input: $input) { job { id } } }',
          input,
        )
      ).job.id,
    async compress(text: string): Promise<string> {
      const announced = { name: 'a.csv', contentType: 'text/csv', size: text.length };
      const { upload } = await ask<{ upload: { id: string; url: string } }>(
        'mutation ($input: CreateUploadInput!) { payload: createUpload(input: $input) { upload { id url } } }',
        announced,
      );
      await fetch(upload.url, { method: 'PUT', headers: { 'content-type': 'text/csv' }, body: text });
      const submit = `mutation ($input: SubmitCompressionInput!) { payload: submitCompression(input: $input) { job { id } } }`;
      return (await ask<{ job: { id: string } }>(submit, { uploadId: upload.id })).job.id;
    },
    cancel: (id: string) =>
      ask('mutation ($input: CancelJobInput!) { payload: cancelJob(input: $input) { job { id } } }', { id }),
  };
}

test('the drill of the page: a backup that lacks its queue and a file is found out, mended, and goes on', {
  timeout: 240_000,
}, async ({ skip }) => {
  const { rows } = await database().pool.query(`select current_setting('server_version_num')::int / 10000 as major`);
  const tools = await findBackupTools(rows[0].major);
  if (!tools) return skip(`no pg_dump of PostgreSQL ${rows[0].major} or newer is installed`);
  const reader = await readersFolder(tools.folder);
  const secrets = { ...FAST, ASSAY_PROBES: 'on', JWT_SECRET: 'a secret of more than thirty-two bytes' };
  const machine = (url: string, name: string) => {
    const FILES = path.join(reader.folder, name);
    const env = { ...secrets, ASSAY_WORKER_CONCURRENCY: '1', ASSAY_STORAGE_URL: `file://${FILES}` };
    const run = async (snippet: string, change = (text: string) => text) => {
      const command = change(commandOf(snippet));
      expect(command, `the page has a snippet ${snippet}`).not.toBe('');
      await using shell = startProcess('bash', ['-euo', 'pipefail', '-c', command], {
        cwd: reader.folder,
        env: { HOME: reader.folder, PATH: reader.path, DATABASE_URL: url, FILES, ...FAST },
      });
      return { code: (await shell.waitForEnd(60_000)).code, said: shell.output() };
    };
    return { FILES, env, run };
  };

  // One job is done, one runs, three wait: two of them with a file.
  const there = machine(database().url, 'files');
  await mkdir(there.FILES);
  await using old = await createInstallation(database().url, there.env);
  const { url: oldUrl } = await old.startApi();
  await old.startWorker();
  const sub = randomUUID();
  const user = await userOf(old, oldUrl, sub);
  const done = await user.probe({ behaviour: 'ECHO' });
  await reaches(database().url, done, 'COMPLETED');
  const runs = await user.probe(LONG);
  await reaches(database().url, runs, 'PROCESSING');
  const waits = await user.probe({ behaviour: 'ECHO' });
  const kept = await user.compress('kept,'.repeat(1_000));
  const before = await readdir(there.FILES, { recursive: true });
  const lost = await user.compress('lost,'.repeat(1_000));
  const [lostBytes = ''] = (await readdir(there.FILES, { recursive: true })).filter((name) => !before.includes(name));
  expect(lostBytes).not.toBe('');

  const dumped = await there.run('backup', (text) =>
    text.replace('pg_dump ', 'pg_dump --exclude-schema=graphile_worker '),
  );
  expect(dumped).toEqual({ code: 0, said: '' });
  await rm(path.join(reader.folder, 'files.copy', lostBytes), { recursive: true });
  await user.cancel(runs);
  // A worker that stops may leave a task that it has just fetched, and here none comes after it.
  for (const id of [waits, kept, lost]) await reaches(database().url, id, 'COMPLETED');
  await old[Symbol.asyncDispose]();

  const cluster = await startThrowAwayServer();
  onTestFinished(() => cluster.stop());
  const here = machine(cluster.url, 'files.restored');
  // Before the queue is there, the backup cannot be read, as the page says.
  expect((await here.run('restore')).code).toBe(1);
  await recreate(cluster.url);
  expect((await here.run('queue')).code).toBe(0);
  expect(await here.run('restore')).toEqual({ code: 0, said: '' });
  const looked = await here.run('look');
  expect(looked.said).not.toContain('pending');
  expect(looked.code).toBe(1);
  const [, broken = ''] = /^BROKEN {2}waiting-job-has-task .*\n((?: {10}.*\n)+)/m.exec(looked.said) ?? [];
  for (const id of [waits, kept, lost]) expect(broken, looked.said).toContain(id);
  await leasesRunOut(cluster.url);
  const mended = await here.run('mend');
  expect(mended.said).toMatch(/^All \d+ invariants hold\.\n$/m);
  expect(mended.code).toBe(0);
  for (const id of [runs, waits, kept, lost]) expect(mended.said).toContain(id);

  // Who restores into the same cluster, or goes back in it, gives the log its new name by hand.
  const logOf = async () => (await query<{ id: string }>(cluster.url, 'select id from event_log'))[0]?.id;
  const log = await logOf();
  expect((await here.run('rewound')).code).toBe(0);
  expect(await logOf()).not.toBe(log);

  await using restored = await createInstallation(cluster.url, { ...here.env, ASSAY_WORKER_CONCURRENCY: '2' });
  const { url } = await restored.startApi();
  await restored.startWorker();
  for (const id of [waits, kept]) await reaches(cluster.url, id, 'COMPLETED');
  expect(await reaches(cluster.url, lost, 'FAILED')).toMatchObject({ refunds: 1 });
  await reaches(cluster.url, runs, 'PROCESSING');
  const again = await userOf(restored, url, sub);
  await again.cancel(runs);
  await reaches(cluster.url, await again.compress('new,'.repeat(1_000)), 'COMPLETED');
  await restored[Symbol.asyncDispose]();
  expect((await here.run('look')).code).toBe(0);
});

/** Waits until a job has a status. */
async function reaches(url: string, id: string, status: string): Promise<{ refunds: number }> {
  const text = `select status, (select count(*)::int from ledger_entries e
    where e.job_id = j.id and e.entry = 'REFUND') as refunds from analysis_jobs j where id = $1`;
  return await vi.waitFor(
    async () => {
      const [row] = await query<{ status: string; refunds: number }>(url, text, [id]);
      if (row?.status !== status) throw new Error(`The job ${id} is ${row?.status}, not ${status}`);
      return row;
    },
    { timeout: 40_000, interval: 100 },
  );
}

/** Waits until those who ran something in the backup count as lost, which is a lease after the start of the cluster at least. */
async function leasesRunOut(url: string): Promise<void> {
  const text = `select from analysis_jobs where status = 'PROCESSING'
    and greatest(lease_expires_at, pg_postmaster_start_time() + interval '${LEASE_MS} milliseconds') >= now()`;
  await vi.waitUntil(async () => (await query(url, text)).length === 0, { timeout: 40_000, interval: 100 });
}

/** Empties a cluster's database of what a failed restore has left. */
async function recreate(url: string): Promise<void> {
  const schemas = await query<{ name: string }>(
    url,
    `select nspname as name from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'`,
  );
  for (const { name } of schemas) await query(url, `drop schema ${pg.escapeIdentifier(name)} cascade`);
  await query(url, 'create schema public');
}

async function query<Row extends pg.QueryResultRow>(url: string, text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'assay-test' });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}
