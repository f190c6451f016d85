import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { runAssay } from '../commands/assay.ts';
import { readPage } from '../support/page-session.ts';
import { startProcess } from '../support/process.ts';

const page = readPage('install.md');
const root = path.join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const snippet = (name: string) => new RegExp(`^\`\`\`(?:sh|sql) ${name}\\n(.*?)^\`\`\`$`, 'ms').exec(page)?.[1] ?? '';

/** Runs SQL on the server of the tests, in a database. */
async function onServer(database: string, text: string): Promise<void> {
  const url = Object.assign(new URL(inject('serverUrl')), { pathname: `/${database}` });
  const client = new pg.Client({ connectionString: url.href, application_name: 'assay-test' });
  await client.connect();
  try {
    for (const statement of text.split(';\n').filter(Boolean)) {
      await client.query(statement).catch((error: { code?: string }) => {
        // The server of the tests has it already, as one with a second Assay would.
        if (error.code !== '42710' || !statement.startsWith('create role assay_reader')) throw error;
      });
    }
  } finally {
    await client.end();
  }
}

test('the role of the page owns a database that Assay can make its tables in, and work on', async () => {
  const name = `${inject('databasePrefix')}_page_${process.pid}`;
  const cwd = await mkdtemp(path.join(tmpdir(), 'assay-install-'));
  onTestFinished(async () => {
    await onServer('postgres', `drop database if exists ${name} with (force);\ndrop role if exists ${name};\n`);
    await rm(cwd, { recursive: true });
  });
  await onServer('postgres', snippet('database').replaceAll(/\bassay\b/g, name));
  const password = /password '(\w+)'/.exec(snippet('database'))?.[1] ?? '';
  const url = Object.assign(new URL(inject('serverUrl')), { pathname: `/${name}`, username: name, password });
  const assay = (...args: string[]) => runAssay(args, { cwd, env: { DATABASE_URL: url.href } });
  expect(await assay('migrate', 'up')).toMatchObject({ code: 0, stderr: '' });
  expect(await assay('doctor')).toMatchObject({ code: 0, stderr: '' });
});

test('the secret of the page is one that Assay takes', async () => {
  await using running = startProcess('bash', ['-euo', 'pipefail', '-c', snippet('secret')]);
  expect((await running.waitForEnd()).code).toBe(0);
  const config = loadConfig({
    ...{ ASSAY_ENV: 'production', DATABASE_URL: 'postgres://localhost/assay' },
    JWT_SECRET: running.output().trim(),
  });
  expect(config.jwt.secret).toHaveLength(64);
});

test('the units of the page are there, and each file that it installs', () => {
  const text = snippet('services');
  for (const [unit = '', name = ''] of text.matchAll(/\bassay-\w+(@?)/g)) {
    expect(existsSync(path.join(root, `ops/systemd/${unit}.service`)), unit + name).toBe(true);
  }
  for (const [file] of text.matchAll(/\bops\/\S*\w/g)) {
    if (!file.includes('*')) expect(existsSync(path.join(root, file)), file).toBe(true);
  }
  const started = /^ExecStart=(\S+) \S+ (\S+) /m.exec(read('ops/systemd/assay-api@.service')) ?? [];
  for (const part of started.slice(1)) expect(snippet('command')).toContain(part);
  const file = /^EnvironmentFile=(\S+)$/m.exec(read('ops/systemd/assay-api@.service'))?.[1] ?? '';
  for (const name of ['services', 'command']) expect(snippet(name)).toContain(file);
});

test('the variables of the page are those that the services want', () => {
  const wanted = [...read('compose.yaml').matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name);
  const given = [...snippet('compose').matchAll(/\b([A-Z_]+)=\$\(/g)].map(([, name]) => name);
  expect(given.toSorted()).toEqual([...new Set(wanted)].toSorted());
});
