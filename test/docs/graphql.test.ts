import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { createInstallation, type Installation } from '../support/installation.ts';
import { startProcess } from '../support/process.ts';

const root = path.join(import.meta.dirname, '../..');
const page = readFileSync(path.join(root, 'docs/graphql.md'), 'utf8');

/** The blocks of the page, by the word behind their language. */
const snippets = new Map(
  [...page.matchAll(/^```(sh|ts) ([\w-]+)\n(.*?)^```$/gms)].map(([, , name = '', text = '']) => [name, text]),
);
const [, input = ''] = /^```json\n(.*?)^```$/ms.exec(page) ?? [];

const database = useDatabase();
let folder: string;
let installation: Installation;
let env: Record<string, string>;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'assay-page-'));
  await mkdir(path.join(folder, 'node_modules'));
  await symlink(root, path.join(folder, 'node_modules/assay'), 'dir');
  for (const name of ['@apollo', '@urql', 'graphql', 'graphql-sse', 'graphql-ws']) {
    await symlink(path.join(root, 'node_modules', name), path.join(folder, 'node_modules', name), 'dir');
  }
  await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(path.join(folder, 'input.json'), input);
  installation = await createInstallation(database().url, { ASSAY_STARTING_TOKENS: '1000' });
  const { url } = await installation.startApi();
  env = { PATH: process.env.PATH ?? '', ASSAY: url, TOKEN: await installation.userToken() };
});
afterAll(async () => {
  await installation[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function run(command: string, args: string[], more: Record<string, string> = {}): Promise<string> {
  await using running = startProcess(command, args, { cwd: folder, env: { ...env, ...more } });
  const { code } = await running.waitForEnd(40_000);
  const output = running.output();
  expect(code, output).toBe(0);
  return output;
}

let worker: Promise<unknown> | undefined;
function startWorker(): Promise<unknown> {
  worker ??= installation.startWorker();
  return worker;
}

const curl = async (name: string, more?: Record<string, string>) => {
  const text = snippets.get(name);
  if (text === undefined) throw new Error(`The page has no snippet ${name}.`);
  return await run('bash', ['-c', text], more);
};
const idIn = (answer: string) => /"id": ?"([0-9a-f-]{36})"/.exec(answer)?.[1] ?? answer;

test('curl submits, cancels, watches and reads, as the page says', { timeout: 90_000 }, async () => {
  // No worker runs yet, so that there is something to cancel.
  const cancelled = JSON.parse(await curl('cancel', { JOB: idIn(await curl('submit')) }));
  expect(cancelled.data.cancelJob).toEqual({ job: { status: 'CANCELLED' }, tokenBalance: 1_000, userErrors: [] });

  await startWorker();
  const JOB = idIn(await curl('submit'));
  const watched = await curl('watch', { JOB });
  const types = [...watched.matchAll(/"type":"(\w+)"/g)].map(([, type]) => type);
  expect(types.filter((type) => type !== 'PROGRESSED')).toEqual(['QUEUED', 'STARTED', 'COMPLETED']);
  expect(watched).toMatch(/event: complete\ndata:\n\n$/);
  expect(JSON.parse(await curl('read', { JOB }))).toEqual({
    data: { job: { status: 'COMPLETED', result: { assessment: { archetype: expect.stringMatching(/\w/) } } } },
  });
});

const programs = ['assay-client', 'apollo-client', 'urql', 'graphql-ws', 'graphql-sse'];

test.each(programs)('%s submits, watches to the end and reads, as the page says', { timeout: 60_000 }, async (name) => {
  await startWorker();
  const file = path.join(folder, `${name}.ts`);
  await writeFile(file, snippets.get(name) ?? '');
  const output = await run(process.execPath, [file]);
  const steps = [...output.matchAll(/^(\d+) (\w+) (\w+) (\d+)$/gm)].map(([, seq, type]) => `${seq} ${type}`);
  expect(steps.filter((step) => !step.endsWith('PROGRESSED'))).toEqual(['1 QUEUED', '2 STARTED', '3 COMPLETED']);
  expect(output).toMatch(/"archetype":"\w[^"]*"/);
});

test('curl shares a result and closes it again, as the page says', { timeout: 60_000 }, async () => {
  const { rows } = await database().pool.query<{ id: string }>(
    `select id from analysis_results where status = 'COMPLETED' limit 1`,
  );
  const RESULT = rows[0]?.id ?? '';
  // One shell, as the reader has: a later snippet uses what an earlier one has set.
  const text = ['share', 'open', 'shared', 'unshare'].map((name) => snippets.get(name)).join('echo\n');
  const [shared = '', opened = '', asked = '', closed = ''] = (await run('bash', ['-c', text], { RESULT })).split(
    /\n(?={)/,
  );
  const { shareUrl } = JSON.parse(shared).data.shareResult.result;
  const archetype = expect.stringMatching(/\w/);
  expect(JSON.parse(opened)).toMatchObject({ assessment: { archetype } });
  expect(JSON.parse(asked).data.sharedResult).toMatchObject({ assessment: { archetype } });
  expect(readFileSync(path.join(folder, 'report.html'), 'utf8')).toContain('<h2>Archetype</h2>');
  expect(JSON.parse(closed).data.unshareResult).toMatchObject({ result: { isPublic: false, shareUrl: null } });
  expect((await fetch(shareUrl)).status).toBe(404);
});

test('every snippet of the page is run', () => {
  const byCurl = ['submit', 'watch', 'read', 'cancel', 'share', 'open', 'shared', 'unshare'];
  expect([...snippets.keys()].toSorted()).toEqual([...programs, ...byCurl].toSorted());
});
