import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runAssay } from '../commands/assay.ts';
import { useDatabase } from '../support/database.ts';
import { createInstallation } from '../support/installation.ts';
import { startProcess } from '../support/process.ts';

const root = path.join(import.meta.dirname, '../..');
const example = path.join(root, 'examples/word-count');
const page = readFileSync(path.join(root, 'docs/kinds.md'), 'utf8');
const fences = [...page.matchAll(/^```(\w+) (\S+)\n(.*?)^```$/gms)].map(([, language, name = '', text = '']) => ({
  language,
  name,
  text,
}));

const database = useDatabase();

test('the page shows the files of the example, and all of them', () => {
  const shown = fences.filter(({ language }) => language !== 'sh').map(({ name, text }) => [name, text]);
  const files = readdirSync(example, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const there = files.map((file) => [path.relative(example, file), readFileSync(file, 'utf8')]);
  expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(there));
});

const PARTS = [
  ...['src', 'web', 'examples', 'migrations'],
  ...['package.json', 'tsconfig.json', 'tsconfig.build.json', 'codegen.yml'],
];

/** A copy of the house with the example in it, as the page says: its files, its edits, its migration with the next number. */
async function houseWithExample(): Promise<string> {
  const house = await mkdtemp(path.join(tmpdir(), 'assay-kind-'));
  onTestFinished(() => rm(house, { recursive: true }));
  for (const part of PARTS) {
    await cp(path.join(root, part), path.join(house, part), { recursive: true });
  }
  await symlink(path.join(root, 'node_modules'), path.join(house, 'node_modules'));
  for (const part of ['src', 'migrations']) {
    await cp(path.join(example, part), path.join(house, part), { recursive: true });
  }
  execFileSync('git', ['apply', path.join(example, 'edits.diff')], { cwd: house });
  const migrations = readdirSync(path.join(house, 'migrations')).filter((name) => /^\d/.test(name));
  const next = String(migrations.length / 2 + 1).padStart(4, '0');
  for (const direction of ['up', 'down']) {
    const file = (number: string) => path.join(house, `migrations/${number}_word_count.${direction}.sql`);
    await rename(file('next'), file(next));
  }
  return house;
}

test('who follows the page has a kind that runs, and a dashboard that knows it', { timeout: 180_000 }, async () => {
  const house = await houseWithExample();
  const run = async (command: string, ...args: string[]) => {
    // Not synchronously: on a busy machine it takes so long that the test runner takes this process for dead.
    await using running = startProcess(command, args, { cwd: house });
    expect((await running.waitForEnd(90_000)).code, running.output()).toBe(0);
  };
  // It builds, too.
  await run('npm', 'run', '--silent', 'codegen');
  expect(readFileSync(path.join(house, 'web/src/operations.generated.ts'), 'utf8')).toContain("'WORD_COUNT'");
  await run('npx', '--no-install', 'tsc', '-p', 'web/tsconfig.json');
  const cli = path.join(house, 'dist/cli.js');
  const migrated = await runAssay(['migrate', 'up'], { cwd: house, env: { DATABASE_URL: database().url }, cli });
  expect(migrated.stdout).toContain('_word_count');
  await using installation = await createInstallation(database().url, {}, cli);
  const { url } = await installation.startApi();
  await installation.startWorker();
  const session = fences.filter(({ language, name }) => language === 'sh' && name);
  const script = session.map(({ name, text }) => `printf '\\n== ${name}\\n'\n${text}`).join('\n');
  await using shell = startProcess('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: house,
    env: { PATH: process.env.PATH ?? '', ASSAY: url, TOKEN: await installation.userToken() },
  });
  const { code } = await shell.waitForEnd(60_000);
  const output = shell.output();
  expect(code, output).toBe(0);
  expect(output).toMatch(/"type":"COMPLETED".*event: complete/s);
  expect(output).toContain('"testResult":{"words":10,"distinct":8,"mostFrequent":"be"}');
  expect(output.trim().split('\n').slice(-9)).toEqual([
    'word,count',
    ...['be,2', 'to,2', 'is,1', 'not,1', 'or,1', 'question,1', 'that,1', 'the,1'],
  ]);
});
