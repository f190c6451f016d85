import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { createInstallation } from '../support/installation.ts';
import { startProcess } from '../support/process.ts';
import { startShared } from '../support/upstream.ts';
import { freePort } from '../support/upstream-process.ts';

const page = readFileSync(path.join(import.meta.dirname, '../../docs/sync.md'), 'utf8');
const blocks = [...page.matchAll(/^```(sh|js) ([\w-]+)\n(.*?)^```$/gms)].map(([, language, name = '', text = '']) => ({
  ...{ language, name, text },
}));
const textOf = (wanted: string) => blocks.find(({ name }) => name === wanted)?.text ?? '';
const STARTS = ['stand-in', 'start', 'start-own'];

/** The variables that a command of the page starts Assay with; its source listens elsewhere here. */
function variablesOf(command: string, port: string): Record<string, string> {
  const given = [...textOf(command).matchAll(/\b(ASSAY_\w+)=(\S+)/g)].map(([, name, value]) => [name, value]);
  return JSON.parse(JSON.stringify(Object.fromEntries(given)).replace(/:4[67]00\//, `:${port}/`));
}

const database = useDatabase();

/** Runs the page’s commands one after the other, and answers what each of them printed. */
async function session(env: Record<string, string>, source: string): Promise<Record<string, string>> {
  await using installation = await createInstallation(database().url, env);
  const { url } = await installation.startApi();
  await installation.startWorker();
  const TOKEN = await installation.serviceToken('sync:run');
  const commands = blocks.filter(({ language, name }) => language === 'sh' && !STARTS.includes(name));
  const script = commands.map(({ name, text }) => `printf '\\n== ${name}\\n'\n${text}`).join('\n');
  const of = { env: { PATH: process.env.PATH ?? '', ASSAY: url, TOKEN, SOURCE: source } };
  await using running = startProcess('bash', ['-euo', 'pipefail', '-c', script], of);
  const { code } = await running.waitForEnd(90_000);
  const output = running.output();
  expect(code, output).toBe(0);
  return Object.fromEntries(output.split(/^== /m).map((part) => part.split(/\n(.*)/s).slice(0, 2)));
}

/** What the session says of a source, whichever it is. */
function expectCopied(
  said: Record<string, string>,
  { rows, records = rows, found }: { rows: number; records?: number; found: number },
): void {
  const data = (name: string) => JSON.parse(said[name] ?? '').data;
  expect(data('request').requestSync).toMatchObject({ outcome: 'STARTED', userErrors: [] });
  expect(said.watch).toMatch(/"type":"COMPLETED".*event: complete/s);
  expect(data('status').syncStatusOf).toMatchObject({
    ...{ configured: true, recordCount: records, activeJob: null },
    lastSync: { total: records, job: { result: { testResult: { records, rows, announced: rows } } } },
  });
  expect(data('search').syncRecords).toMatchObject({ pageInfo: { hasNextPage: found > 2 }, totalCount: found });
  expect(JSON.stringify(data('search').syncRecords.nodes).match(/aceh/gi)).toHaveLength(2);
  const ids = ['search', 'next'].flatMap((name) => data(name).syncRecords.nodes.map(({ id }: { id: string }) => id));
  expect(ids).toEqual([...new Set(ids)].toSorted());
  expect(data('force')).toMatchObject({
    again: { outcome: 'ALREADY_COMPLETED', lastSync: { total: records } },
    forced: { outcome: 'STARTED' },
  });
  expect(data('cleanup').cleanupSync).toMatchObject({ cleaned: 2, userErrors: [] });
}

test('the session of the page copies all 80,534 rows of the stand-in', { timeout: 120_000 }, async (context) => {
  const origin = await startShared(context);
  const said = await session(variablesOf('start', new URL(origin).port), 'PANGKAT');
  // Two of its ids are there twice.
  expectCopied(said, { rows: 80_534, records: 80_532, found: 32 });
});

test('it copies the source that the page shows, too', { timeout: 90_000 }, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'assay-page-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const port = String(await freePort());
  await writeFile(path.join(folder, 'source.mjs'), textOf('source').replace('4700', port));
  await using source = startProcess(process.execPath, ['source.mjs'], { cwd: folder });
  await source.waitForOutput(/listening/);
  expectCopied(await session(variablesOf('start-own', port), 'SKK'), { rows: 5, found: 3 });
});
