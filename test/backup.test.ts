import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { expect, test, vi } from 'vitest';
import { type AssayClient, createAssayClient, type FeedEvent } from '../src/client/index.ts';
import { openSession, type RawSocket, subscribe } from './gate/raw-socket.ts';
import { findBackupTools } from './support/backup-tools.ts';
import { useDatabase } from './support/database.ts';
import { createInstallation, type Installation } from './support/installation.ts';
import { startThrowAwayServer } from './support/throw-away-server.ts';
import { FAST } from './support/workers.ts';

const database = useDatabase();
const env = { ASSAY_PROBES: 'on', JWT_SECRET: 'a secret of more than thirty-two bytes' };
/** Takes up soon what a worker of the backup has left, and keeps what it has while it is slow itself. */
const HEIR = { ...env, ...FAST };
const SUBMIT = `mutation ($input: SubmitProbeInput!) { submitProbe(input: $input) { job { id } } }`;
const CANCEL = `mutation ($input: CancelJobInput!) { cancelJob(input: $input) { job { id } } }`;
const ALL = 'subscription ($after: Cursor) { allEvents(after: $after) { ... on FeedPosition { position reason } } }';

interface JobRow {
  id: string;
  status: string;
  seq: number;
}

/** A client of one installation, which follows all jobs of its user and keeps what it is told. */
function followMine(url: string, token: string, after?: string) {
  const client = createAssayClient({ url, token });
  const told: FeedEvent[] = [];
  const following = (async () => {
    for await (const message of client.watchMine(after === undefined ? {} : { after })) told.push(message);
  })();
  const seqsOf = (jobId: string) => told.flatMap((one) => ('jobId' in one && one.jobId === jobId ? [one.seq] : []));
  const hears = (jobId: string, type: string) =>
    vi.waitUntil(() => told.some((one) => 'jobId' in one && one.jobId === jobId && one.type === type), {
      timeout: 60_000,
    });
  const close = async () => {
    client.close();
    await following;
  };
  return { client, told, seqsOf, hears, [Symbol.asyncDispose]: close };
}

async function submit(client: AssayClient, input: { behaviour: string; milliseconds?: number }): Promise<string> {
  const { submitProbe } = await client.request<{ submitProbe: { job: { id: string } } }, object>(SUBMIT, { input });
  return submitProbe.job.id;
}

const positionOf = (message: FeedEvent | undefined) => (message && 'position' in message ? message : undefined);

/** What a service is told first. */
async function beginAll(installation: Installation, url: string, after?: string) {
  const socket: RawSocket = await openSession(url, await installation.serviceToken('jobs:read'));
  socket.send(subscribe('1', ALL, { after }));
  const { payload } = await socket.next();
  socket.socket.terminate();
  return (payload as { data: { allEvents: { position: string; reason: string } } }).data.allEvents;
}

async function serverMajor(): Promise<number> {
  const { rows } = await database().pool.query(`select current_setting('server_version_num')::int / 10000 as major`);
  return rows[0].major;
}

test('a backup of a running installation goes on in another cluster: who comes with an old cursor is told, and misses nothing', {
  timeout: 120_000,
}, async ({ skip, onTestFinished }) => {
  const major = await serverMajor();
  const tools = await findBackupTools(major);
  if (!tools) return skip(`no pg_dump of PostgreSQL ${major} or newer is installed`);
  const folder = await mkdtemp(path.join(tmpdir(), 'assay-backup-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'backup');
  const userId = randomUUID();

  // What was, with a job that runs and one that waits while the backup is made, and one of which it knows nothing.
  await using old = await createInstallation(database().url, { ...env, ASSAY_WORKER_CONCURRENCY: '1' });
  const { url: oldUrl } = await old.startApi();
  await old.startWorker();
  const token = await old.userToken(userId);
  await using before = followMine(oldUrl, token);
  await vi.waitUntil(() => before.told.length > 0, { timeout: 20_000 });
  const done = await submit(before.client, { behaviour: 'ECHO' });
  await before.hears(done, 'COMPLETED');
  const cursors = [before.told.at(-1)];
  const service = await beginAll(old, oldUrl);
  const oldLog = (await query<{ id: string }>(database().url, LOG))[0]!.id;
  const runs = await submit(before.client, { behaviour: 'SLEEP', milliseconds: 10_000 });
  await before.hears(runs, 'STARTED');
  const waits = await submit(before.client, { behaviour: 'ECHO' });
  await before.hears(waits, 'QUEUED');
  await tools.dump(database().url, file);
  await before.client.request<unknown, object>(CANCEL, { input: { id: runs } });
  const lost = await submit(before.client, { behaviour: 'ECHO' });
  await before.hears(lost, 'COMPLETED');
  cursors.push(before.told.at(-1));
  await before[Symbol.asyncDispose]();
  await old[Symbol.asyncDispose]();

  const cluster = await startThrowAwayServer();
  onTestFinished(() => cluster.stop());
  await tools.restore(cluster.url, file);
  await using installation = await createInstallation(cluster.url, HEIR);
  const { url } = await installation.startApi();
  expect(await beginAll(installation, url, service.position)).toMatchObject({ reason: 'RESTORED' });
  await using early = followMine(url, token, cursorOf(cursors[0]));
  await using late = followMine(url, token, cursorOf(cursors[1]));
  for (const { told } of [early, late]) {
    await vi.waitUntil(() => told.length > 0, { timeout: 20_000 });
    expect(positionOf(told[0])?.reason).toBe('RESTORED');
  }
  // Also where the new cluster is further than the old one, and no cursor is of its future.
  expect(await query(cluster.url, LOG)).toEqual([{ id: expect.not.stringMatching(oldLog), hidden: 0 }]);
  // Each reads his lists, as they were when the backup was made, and from there on everything is told.
  const listed = await query<JobRow>(cluster.url, JOBS);
  expect(Object.fromEntries(listed.map(({ id, status }) => [id, status]))).toEqual({
    ...{ [done]: 'COMPLETED', [runs]: 'PROCESSING', [waits]: 'QUEUED' },
  });
  await installation.startWorker();
  const fresh = await submit(late.client, { behaviour: 'ECHO' });
  for (const { hears } of [early, late]) for (const id of [runs, waits, fresh]) await hears(id, 'COMPLETED');
  const ended = await query<JobRow>(cluster.url, JOBS);
  for (const { seqsOf, told } of [early, late]) {
    for (const { id, status, seq } of ended) {
      const known = listed.find((one) => one.id === id)?.seq ?? 0;
      expect([status, seqsOf(id)]).toEqual([
        'COMPLETED',
        Array.from({ length: seq - known }, (_, at) => known + at + 1),
      ]);
    }
    expect(told.filter(positionOf)).toHaveLength(1);
  }
});

const cursorOf = (message: FeedEvent | undefined): string =>
  (message && ('position' in message ? message.position : message.cursor)) ?? '';

const JOBS = 'select id, status, seq from analysis_jobs';
/** The name of the log, and how many of its events a transaction to come could take for its own. */
const LOG = `select id, (select count(*)::int from job_events
  where xact >= pg_snapshot_xmin(pg_current_snapshot())) as hidden from event_log`;

async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'assay-test' });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}
