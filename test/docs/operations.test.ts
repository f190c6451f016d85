import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { ServiceScope } from '../../src/gate/scopes.ts';
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
