import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { createInstallation } from '../support/installation.ts';
import { startProcess } from '../support/process.ts';

const page = readFileSync(path.join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
const [, command = ''] = /^```sh health\n(.*?)^```$/ms.exec(page) ?? [];

const database = useDatabase();

test('the question of the page is answered, with every field that its table explains', async () => {
  await using installation = await createInstallation(database().url);
  const { url } = await installation.startApi();
  const TOKEN = await installation.serviceToken('jobs:read');
  const of = { env: { PATH: process.env.PATH ?? '', ASSAY: url, TOKEN } };
  await using running = startProcess('bash', ['-euo', 'pipefail', '-c', command], of);
  expect((await running.waitForEnd(30_000)).code, running.output()).toBe(0);
  const { systemHealth } = JSON.parse(running.output()).data;
  const [, table = ''] = /^\| field \| worth a look when \|\n(.*?)\n\n/ms.exec(page) ?? [];
  const explained = table.split('\n').flatMap((row) => [...(row.split(' | ')[0] ?? '').matchAll(/`(\w+)`/g)]);
  expect(explained.length).toBeGreaterThan(5);
  for (const [, field = ''] of explained) expect(systemHealth).toHaveProperty(field);
});
