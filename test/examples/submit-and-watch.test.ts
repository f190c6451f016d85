import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reportSchema } from '../../src/kinds/assessment/report.ts';
import { useDatabase } from '../support/database.ts';
import { createInstallation, type Installation } from '../support/installation.ts';
import { startProcess } from '../support/process.ts';
import { needRespondents, respondentsFile, sampleFile } from '../support/respondents.ts';

const EXAMPLE = path.join(import.meta.dirname, '../../examples/submit-and-watch.ts');
/** Of the real respondents, as many as a test run takes in its stride. */
const SLICE = 40;

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

async function runExample(file: string, ...options: string[]) {
  await using run = startProcess(process.execPath, [EXAMPLE, file, '--url', url, '--data-dir', folder, ...options]);
  const { code } = await run.waitForEnd(60_000);
  return { code, output: run.output() };
}

const number = (output: string, name: string) => Number(new RegExp(`^ +${name} +(\\d+)$`, 'm').exec(output)?.[1]);

test('submits every line, follows every job to its end and sums it up', { timeout: 90_000 }, async () => {
  const token = await installation.userToken();
  const serviceToken = await installation.serviceToken('tokens:grant');
  // Twelve respondents and a starting balance of three: the example has to grant the rest.
  const { code, output } = await runExample(sampleFile, '--token', token, '--service-token', serviceToken);
  expect(output).toMatch(/submit to completed +p50 \d+ ms, p95 \d+ ms/);
  expect(output).toMatch(/Most frequent archetypes\n( +\S.*\d\n)+/);
  expect([number(output, 'submitted'), number(output, 'completed'), number(output, 'failed')]).toEqual([12, 12, 0]);
  expect(code).toBe(0);
});

test('takes real respondents, and every result is a valid report', { timeout: 120_000 }, async (context) => {
  needRespondents(context);
  const file = path.join(folder, 'slice.jsonl');
  await writeFile(file, (await readFile(respondentsFile, 'utf8')).split('\n').slice(0, SLICE).join('\n'));
  const token = await installation.userToken();
  const serviceToken = await installation.serviceToken('tokens:grant');
  const before = new Date();
  const { code, output } = await runExample(file, '--token', token, '--service-token', serviceToken);
  expect([number(output, 'completed'), number(output, 'failed'), code]).toEqual([SLICE, 0, 0]);
  const { rows } = await database().pool.query<{ test_result: unknown }>(
    'select test_result from analysis_results where created_at >= $1',
    [before],
  );
  expect(rows).toHaveLength(SLICE);
  for (const { test_result } of rows) reportSchema.parse(test_result);
});

test('says which line is wrong, and why', { timeout: 90_000 }, async () => {
  const [first = ''] = (await readFile(sampleFile, 'utf8')).split('\n');
  const edited = (edit: (input: { riasec: Record<string, unknown> }) => void) => {
    const input = JSON.parse(first) as { riasec: Record<string, unknown> };
    edit(input);
    return JSON.stringify(input);
  };
  const lines = [
    first,
    '{ not JSON',
    edited(({ riasec }) => (riasec.social = 101)),
    '',
    edited(({ riasec }) => delete riasec.artistic),
    '[1]',
  ];
  const file = path.join(folder, 'wrong.jsonl');
  await writeFile(file, lines.join('\n'));
  const { code, output } = await runExample(file, '--token', await installation.userToken());
  expect(output).toContain('line 2: is not valid JSON');
  expect(output).toMatch(/line 3: input\.riasec\.social: .*at most 100/);
  expect(output).toMatch(/line 5: BAD_USER_INPUT: .*artistic/);
  expect(output).toContain('line 6: is not a JSON object');
  expect([number(output, 'submitted'), number(output, 'completed')]).toEqual([1, 1]);
  expect(code).toBe(1);
});

test('says so when there is no Assay, and when there is no token', async () => {
  await using away = startProcess(process.execPath, [
    EXAMPLE,
    sampleFile,
    '--url',
    'http://127.0.0.1:1',
    '--token',
    'x',
  ]);
  expect(await away.waitForEnd()).toMatchObject({ code: 1 });
  expect(away.output()).toContain('http://127.0.0.1:1 could not be reached');
  const { code, output } = await runExample(sampleFile);
  expect(code).toBe(1);
  expect(output).toContain('There is no demo token');
});
