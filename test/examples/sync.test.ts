import path from 'node:path';
import { expect, test } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { createInstallation } from '../support/installation.ts';
import { startProcess } from '../support/process.ts';
import { rowsOf, startUpstream } from '../support/upstream.ts';

const EXAMPLE = path.join(import.meta.dirname, '../../examples/sync.ts');

const database = useDatabase();

test('copies a source, says when there is nothing to do, and what is wrong', { timeout: 90_000 }, async () => {
  const rows = Array.from({ length: 1_200 }, (_, number) => ({ id: `rank-${number}`, title: `Rank ${number}` }));
  const { origin } = await startUpstream(rowsOf(rows));
  await using installation = await createInstallation(database().url, { ASSAY_SYNC_URL_PANGKAT: origin });
  const { url } = await installation.startApi();
  await installation.startWorker();
  const token = await installation.serviceToken('sync:run');
  const runExample = async (source: string) => {
    await using run = startProcess(process.execPath, [EXAMPLE, source, '--url', url, '--token', token]);
    const { code } = await run.waitForEnd(60_000);
    return { code, output: run.output() };
  };
  const copied = expect.stringMatching(/1200 records, such as \{"id":"rank-/);
  const first = await runExample('PANGKAT');
  expect(first).toEqual({ code: 0, output: copied });
  const again = await runExample('PANGKAT');
  expect(again).toEqual({ code: 0, output: copied });
  expect(again.output.split('\n')[0]).not.toBe(first.output.split('\n')[0]);
  expect(await database().pool.query(`select from analysis_jobs`)).toMatchObject({ rowCount: 1 });
  expect(await runExample('SKK')).toEqual({ code: 1, output: 'No address is configured for SKK\n' });
  expect(await runExample('NOWHERE')).toMatchObject({ code: 1 });
});
