import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { useFileJobs } from '../support/file-jobs.ts';
import { useStorage } from '../support/files.ts';
import { startProcess } from '../support/process.ts';
import { FAST, HEALED, useWorkers } from '../support/workers.ts';

const database = useDatabase({ settlesLater: HEALED });
const storage = useStorage();
const workers = useWorkers(database);
const jobs = useFileJobs(database, storage, workers);

const ROOM_BYTES = 100 * 512;
const COMPRESSION = { algorithm: 'GZIP', level: 1 };

/** A worker that can write no more than so many bytes to one file: what comes after them is refused, as by a full disk. */
function startCrampedWorker() {
  const script = new URL('../support/own-worker-process.ts', import.meta.url).pathname;
  const env = { ...process.env, ...FAST, DATABASE_URL: database().url, ASSAY_STORAGE_URL: storage().url };
  const limited = `ulimit -f ${ROOM_BYTES / 512} && exec "$0" "$@"`;
  return startProcess('sh', ['-c', limited, process.execPath, script], { env });
}

it('a job whose output has no room fails after its attempts, paid back and without a trace, or waits for room', async () => {
  const noise = randomBytes(4 * ROOM_BYTES);
  const failing = await jobs.submit('COMPRESS', COMPRESSION, noise, storage(), 1);
  // As often as it fails before the other worker comes.
  const patient = await jobs.submit('COMPRESS', COMPRESSION, noise, storage(), 9);
  const small = await jobs.submit('COMPRESS', COMPRESSION, randomBytes(1_000));
  await using worker = startCrampedWorker();
  expect(await workers.reach(failing.jobId, 'FAILED', 30_000)).toMatchObject({
    ...{ attempt: 1, failureCode: 'HANDLER_ERROR', balance: 10 },
  });
  await expect.poll(() => workers.events(patient.jobId)).toContain('RELEASED');
  expect(await workers.reach(small.jobId, 'COMPLETED')).toMatchObject({ balance: 8 });
  await worker.waitForOutput(/EFBIG/);
  worker.kill('SIGTERM');
  expect(await worker.waitForEnd()).toEqual({ code: 0, signal: null });

  await jobs.start();
  expect(await workers.reach(patient.jobId, 'COMPLETED', 30_000)).toMatchObject({ balance: 8 });
  const outputs = (await Promise.all([patient, small].map(({ jobId }) => jobs.filesOf(jobId)))).flat();
  await jobs.sweep();
  await jobs.keepsOnly(failing.storedAs, ...outputs.map((file) => file.stored_as));
});
