import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { createInstallation, type Installation } from '../support/installation.ts';
import { startProcess } from '../support/process.ts';

const EXAMPLE = path.join(import.meta.dirname, '../../examples/file-job.ts');

const database = useDatabase();
let installation: Installation;
let url: string;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'assay-example-'));
  installation = await createInstallation(database().url);
  [{ url }] = await Promise.all([installation.startApi(), installation.startWorker()]);
});
afterAll(async () => {
  await installation[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function runExample(...args: string[]) {
  const token = await installation.userToken();
  await using run = startProcess(process.execPath, [EXAMPLE, ...args, '--url', url, '--token', token]);
  const { code } = await run.waitForEnd(60_000);
  return { code, output: run.output() };
}

/** Four weeks of one part at one site, twice as many on the first day of a week. */
const demand = ['date,partnumber,site_code,demand_qty']
  .concat(
    Array.from({ length: 28 }, (_, day) => {
      const date = new Date(Date.UTC(2026, 0, 5 + day)).toISOString().slice(0, 10);
      return `${date},P-1,JKT,${day % 7 === 0 ? 20 : 10}`;
    }),
  )
  .join('\n');

async function fileOf(name: string, text: string): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, text);
  return file;
}

test('forecasts a table, and saves the forecast beside it', { timeout: 90_000 }, async () => {
  const file = await fileOf('demand.csv', demand);
  const { code, output } = await runExample('forecast', file, '--horizon', '7');
  expect(code, output).toBe(0);
  expect(output).toMatch(/"horizon": 7/);
  const saved = output.trim().split('\n').at(-1) ?? '';
  expect(path.dirname(saved)).toBe(folder);
  const [header, ...days] = (await readFile(saved, 'utf8')).trim().split('\n');
  expect(header).toBe('date,partnumber,site_code,forecast_qty,forecast_qty_raw');
  expect(days.map((day) => day.split(',')[0])).toEqual([
    ...['2026-02-02', '2026-02-03', '2026-02-04', '2026-02-05', '2026-02-06', '2026-02-07', '2026-02-08'],
  ]);
});

test('compresses a file to the same bytes, and never writes over one that is there', { timeout: 90_000 }, async () => {
  const file = await fileOf('notes.txt', 'the same line\n'.repeat(10_000));
  const { code, output } = await runExample('compress', file);
  expect(code, output).toBe(0);
  expect(zstdDecompressSync(await readFile(`${file}.zst`)).toString()).toBe(await readFile(file, 'utf8'));
  await writeFile(`${file}.zst`, 'mine');
  expect(await runExample('compress', file)).toMatchObject({ code: 1, output: expect.stringContaining('EEXIST') });
  expect(await readFile(`${file}.zst`, 'utf8')).toBe('mine');
});

test('goes where PORT says, and says in a line where nobody answered, or that a folder is not a file', {
  timeout: 120_000,
}, async () => {
  const token = await installation.userToken();
  const runOn = async (port: string, file: string) => {
    const args = [EXAMPLE, 'compress', file, '--token', token];
    await using run = startProcess(process.execPath, args, { env: { PORT: port } });
    const { code } = await run.waitForEnd(60_000);
    return { code, output: run.output() };
  };
  expect(await runOn(new URL(url).port, folder)).toEqual({ code: 1, output: `Error: ${folder} is not a file.\n` });
  const file = await fileOf('port.txt', 'some text\n');
  expect((await runOn(new URL(url).port, file)).code).toBe(0);
  const away = 'http://127.0.0.1:1 could not be reached. Is Assay running there? --url says where else.\n';
  expect(await runOn('1', file)).toEqual({ code: 1, output: away });
  const unknown = await runExample('compress', file, '--algoritm', 'GZIP');
  expect(unknown).toEqual({ code: 1, output: expect.stringMatching(/^Unknown option '--algoritm'\..*\n$/) });
});

test('says in a line what is wrong with the table, and with what was asked for', { timeout: 90_000 }, async () => {
  const file = await fileOf('wrong.csv', demand.replace('2026-01-06', 'yesterday'));
  const wrong = await runExample('forecast', file);
  expect([wrong.code, wrong.output]).toEqual([1, expect.stringMatching(/Row 3, column date: /)]);
  const asked = await runExample('forecast', file, '--horizon', '91');
  expect([asked.code, asked.output]).toEqual([1, expect.stringMatching(/input\.horizon: /)]);
});
