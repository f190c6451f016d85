import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ServiceScope } from '../../src/gate/scopes.ts';
import { CLI, runAssay } from '../commands/assay.ts';
import { useDatabase } from '../support/database.ts';
import { createInstallation } from '../support/installation.ts';
import { startProcess } from '../support/process.ts';

const page = readFileSync(path.join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
const commandOf = (name: string) => new RegExp(`^\`\`\`sh ${name}\\n(.*?)^\`\`\`$`, 'ms').exec(page)?.[1] ?? '';

const database = useDatabase();

/** What a command of the page answers to a service with a scope. */
async function answerTo(name: string, scope: ServiceScope) {
  await using installation = await createInstallation(database().url);
  const { url } = await installation.startApi();
  const of = { env: { PATH: process.env.PATH ?? '', ASSAY: url, TOKEN: await installation.serviceToken(scope) } };
  await using running = startProcess('bash', ['-euo', 'pipefail', '-c', commandOf(name)], of);
  expect((await running.waitForEnd(30_000)).code, running.output()).toBe(0);
  return JSON.parse(running.output()).data;
}

test('the question of the page is answered, with every field that its table explains', async () => {
  const { systemHealth } = await answerTo('health', 'jobs:read');
  const [, table = ''] = /^\| field \| worth a look when \|\n(.*?)\n\n/ms.exec(page) ?? [];
  const explained = table.split('\n').flatMap((row) => [...(row.split(' | ')[0] ?? '').matchAll(/`(\w+)`/g)]);
  expect(explained.length).toBeGreaterThan(5);
  for (const [, field = ''] of explained) expect(systemHealth).toHaveProperty(field);
});

test('the examination of the page finds a new installation healthy', async () => {
  expect(await answerTo('doctor', 'jobs:repair')).toMatchObject({ doctor: { healthy: true } });
});

test('the rotation of the page gives the service a token that works beside its old one for an hour', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'assay-rotate-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const env = { PATH: process.env.PATH ?? '', DATABASE_URL: database().url };
  const [, name = ''] = /token rotate (\w+)/.exec(commandOf('rotate')) ?? [];
  const old = await runAssay(['token', 'service', '--name', name, '--scopes', 'jobs:read'], { cwd: folder, env });
  const script = `assay() { '${process.execPath}' '${CLI}' "$@"; }\n${commandOf('rotate')}`;
  await using running = startProcess('bash', ['-euo', 'pipefail', '-c', script], { cwd: folder, env });
  expect((await running.waitForEnd(30_000)).code, running.output()).toBe(0);
  const token = readFileSync(path.join(folder, 'assay-token'), 'utf8').trim();
  expect(token).toMatch(/^assay_/);
  expect(token).not.toBe(old.stdout.trim());
  const lines = running.output().match(new RegExp(`^${name} .*$`, 'gm')) ?? [];
  expect(lines.map((line) => line.split(/ {2,}/)[3])).toEqual(['valid', expect.stringMatching(/^until /)]);
  const until = Date.parse(/until (\S+)/.exec(lines[1] ?? '')?.[1] ?? '');
  expect(Math.abs(until - Date.now() - 3_600_000)).toBeLessThan(60_000);
});
