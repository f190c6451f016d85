import { execFile, spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { rmdirSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { within } from '../bench/patience.ts';
import { ask } from '../chaos/api-client.ts';
import { describeFailures, startLoad } from './load.ts';
import { LEASE_MS, type Site, startSite } from './site.ts';
import { judgeBooks, Verdict } from './verdict.ts';

const run = promisify(execFile);
const DISK_BYTES = 4_000_000;
const FILE_BYTES = 600_000;
const PATIENCE_MS = 60_000;

const ANNOUNCE = `mutation ($input: CreateUploadInput!) {
  payload: createUpload(input: $input) { upload { id url } userErrors { code } }
}`;
const SUBMIT = `mutation ($input: SubmitCompressionInput!) {
  payload: submitCompression(input: $input) { job { id } userErrors { code } }
}`;
const READ = '{ viewer { tokenBalance } }';

/** The disk of the files is full, and has room again after a while. Only root can mount one that is small enough. */
export async function drillDisk(seconds: number): Promise<Verdict> {
  const verdict = new Verdict();
  const folder = await mkdtemp(path.join(tmpdir(), 'assay-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'assay-drill', folder]);
  } catch (error) {
    await rm(folder, { recursive: true });
    verdict.note('skipped: no small disk can be mounted here', String(error).split('\n')[0] ?? '');
    return verdict;
  }
  process.once('exit', () => {
    spawnSync('umount', ['--lazy', folder]);
    rmdirSync(folder);
  });
  await fill(verdict, folder, seconds);
  return verdict;
}

async function fill(verdict: Verdict, disk: string, seconds: number): Promise<void> {
  const site = await startSite({ apis: 1, workers: 1, users: 4, storage: path.join(disk, 'files') });
  const { postgres, fleet, urls, users } = site;
  const [api = ''] = urls;
  const [owner] = users;
  if (!owner) throw new Error('There is no user.');
  const load = startLoad({ urls, users: users.slice(1), lanes: 2, pauseMs: 100 });
  const before = await balanceOf(api, owner.token);
  const uploads = [await upload(api, owner.token), await upload(api, owner.token)];
  verdict.expect(
    'uploads with room',
    uploads.every(({ status }) => status === 200),
    uploads.map(({ status }) => status).join(),
  );

  const filler = path.join(disk, 'filler');
  await writeFile(filler, randomBytes(DISK_BYTES)).catch(() => undefined);
  const late = await upload(api, owner.token);
  const isTold = late.status === 503 && late.code === 'SERVICE_UNAVAILABLE' && Number(late.retryAfter) > 0;
  verdict.expect('an upload without room', isTold, `${late.status} ${late.code}, Retry-After ${late.retryAfter}`);
  const lost = await compress(api, owner.token, uploads[0]?.id ?? '');
  const failed = await within(PATIENCE_MS, async () => (await stateOf(site, lost)).status === 'FAILED');
  const end = await stateOf(site, lost);
  verdict.expect(
    'its job',
    failed && end.attempt === 3,
    `${end.status} ${end.failure_code} after ${end.attempt} attempts`,
  );
  const refunded = await balanceOf(api, owner.token);
  verdict.expect('is paid back', refunded === before, `${before} before, ${refunded} after`);

  const saved = await compress(api, owner.token, uploads[1]?.id ?? '');
  await within(PATIENCE_MS, async () => (await stateOf(site, saved)).events > 2);
  await delay(seconds * 1_000);
  await rm(filler);
  const from = performance.now();
  await within(
    PATIENCE_MS,
    async () =>
      (await stateOf(site, saved)).status !== 'QUEUED' && (await stateOf(site, saved)).status !== 'PROCESSING',
  );
  const second = await stateOf(site, saved);
  const tookMs = performance.now() - from;
  verdict.expect(
    'a job that saw both',
    second.status === 'COMPLETED',
    `${second.status} in attempt ${second.attempt}, ${(tookMs / 1_000).toFixed(1)} s after there was room`,
  );
  const again = await upload(api, owner.token);
  verdict.expect('an upload with room again', again.status === 200, String(again.status));
  await load.stop();
  verdict.expect(
    'failed requests of others',
    describeFailures(load.sent) === '0',
    `${describeFailures(load.sent)} of ${load.sent.length}`,
  );
  await judgeBooks(site, verdict, LEASE_MS);
  const strays = await strayFiles(site, disk);
  verdict.expect('bytes that nobody owns', strays.length === 0, String(strays.length));
  await fleet.stop();
  await postgres.stop();
}

async function upload(api: string, token: string) {
  const bytes = randomBytes(FILE_BYTES);
  const input = { name: `${randomUUID()}.bin`, contentType: 'application/octet-stream', size: bytes.length };
  const answer = await ask<{ payload: { upload: { id: string; url: string } | null } }>(api, token, ANNOUNCE, {
    input,
  });
  const announced = answer.outcome === 'answered' ? answer.data.payload.upload : null;
  if (!announced) throw new Error(`The upload was not announced: ${JSON.stringify(answer)}`);
  const headers = { 'content-type': input.contentType };
  const response = await fetch(announced.url, { method: 'PUT', headers, body: bytes });
  const body = (await response.json()) as { errors?: { extensions: { code: string } }[] };
  const { status } = response;
  const retryAfter = response.headers.get('retry-after');
  return { id: announced.id, status, retryAfter, code: body.errors?.[0]?.extensions.code ?? 'ok' };
}

async function compress(api: string, token: string, uploadId: string): Promise<string> {
  const input = { uploadId, algorithm: 'GZIP', level: 1 };
  const answer = await ask<{ payload: { job: { id: string } | null } }>(api, token, SUBMIT, { input });
  const id = answer.outcome === 'answered' ? answer.data.payload.job?.id : undefined;
  if (id === undefined) throw new Error(`The job was not taken: ${JSON.stringify(answer)}`);
  return id;
}

async function balanceOf(api: string, token: string): Promise<number> {
  const answer = await ask<{ viewer: { tokenBalance: number } }>(api, token, READ);
  return answer.outcome === 'answered' ? answer.data.viewer.tokenBalance : Number.NaN;
}

async function stateOf({ postgres }: Site, jobId: string) {
  const rows = await postgres.query<{ status: string; attempt: number; failure_code: string | null; events: number }>(
    `select status, attempt, failure_code, seq as events from analysis_jobs where id = $1`,
    [jobId],
  );
  return rows[0] ?? { status: 'gone', attempt: 0, failure_code: null, events: 0 };
}

/** Once what is due has been removed. */
async function strayFiles({ postgres }: Site, disk: string): Promise<string[]> {
  let strays: string[] = [];
  await postgres.query(`select graphile_worker.add_job('remove_files')`);
  await within(PATIENCE_MS, async () => {
    const owned = await postgres.query<{ stored_as: string }>(
      'select stored_as from files where stored_as is not null',
    );
    const known = new Set(owned.map(({ stored_as }) => stored_as));
    const kept = await readdir(path.join(disk, 'files'), { recursive: true, withFileTypes: true });
    strays = kept.filter((entry) => entry.isFile() && !known.has(entry.name)).map(({ name }) => name);
    return strays.length === 0;
  });
  return strays;
}
