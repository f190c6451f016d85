import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { linkLibraries } from '../src/embedded-postgres/binaries.ts';
import { EmbeddedPostgresError, startEmbeddedPostgres } from '../src/embedded-postgres.ts';
import { type RunningProcess, startProcess } from './support/process.ts';
import { removeFolder, temporaryRoot } from './support/throw-away-server.ts';

const settings = { fsync: 'off', log_min_messages: 'warning' };
const POLL = { interval: 5, timeout: 30_000 };
const isRoot = process.getuid?.() === 0;

// An application in a process of its own: it starts PostgreSQL, says how that went and stays, without ever stopping it.
const APPLICATION = `
  const { startEmbeddedPostgres } = await import(process.argv[1]);
  const settings = JSON.parse(process.argv[3]);
  setInterval(() => undefined, 1000);
  try {
    const { url } = await startEmbeddedPostgres({ dataDir: process.argv[2], settings });
    console.log('ready ' + url);
  } catch (error) {
    console.log('refused ' + error.name + ': ' + error.message);
    process.exit(1);
  }
`;

function startApplication(dataDir: string, detached = false): RunningProcess {
  const module = new URL('../src/embedded-postgres.ts', import.meta.url).href;
  const args = ['--input-type=module', '-e', APPLICATION, module, dataDir, JSON.stringify(settings)];
  return startProcess(process.execPath, args, { detached });
}

/** A folder of this file's own, which every user may pass. */
let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(temporaryRoot(), 'assay-embedded-'));
  await chmod(root, 0o711);
});
afterAll(async () => {
  // A test that failed may have left its server running.
  for (const folder of ['shared/data', 'half', 'race', 'closed/data', 'foreign']) removeFolder(path.join(root, folder));
  await rm(root, { recursive: true, force: true });
});

/** A cluster that is made once; each test finds the server stopped and leaves it so. */
let dataDir: string;
const clusterFile = (name: string) => path.join(dataDir, 'postgres', 'cluster', name);
const serverPid = () => Number.parseInt(readFileSync(clusterFile('postmaster.pid'), 'utf8'), 10);

async function start(folder = dataDir) {
  const server = await startEmbeddedPostgres({ dataDir: folder, settings });
  onTestFinished(() => server.stop());
  return server;
}

async function ask<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function kill(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  // A killed process without a parent that asks after it stays in the table as a zombie.
  const isRunning = () =>
    existsSync(`/proc/${pid}`) && !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  await expect.poll(isRunning, POLL).toBe(false);
}

describe('a cluster', () => {
  beforeAll(async () => {
    dataDir = path.join(root, 'shared', 'data');
    const lines: string[] = [];
    const server = await startEmbeddedPostgres({ dataDir, settings, log: (line) => lines.push(line) });
    await server.stop();
    expect(lines[0]).toContain('Making a PostgreSQL cluster');
  });

  test('has the database, an encoding and an order of text that no system update changes', async () => {
    const { url } = await start();
    const [row] = await ask(
      url,
      `select current_database() as database, pg_encoding_to_char(encoding) as encoding, datlocprovider as provider,
              datlocale as locale, current_setting('fsync') as fsync, current_setting('max_connections') as connections
         from pg_database where datname = current_database()`,
    );
    expect(row).toEqual({
      database: 'assay',
      encoding: 'UTF8',
      provider: 'b',
      locale: 'C.UTF-8',
      fsync: 'off',
      connections: '200',
    });
  });

  test('is open to nobody without the password, which only its owner can read', async () => {
    const { url } = await start();
    const wrong = new URL(url);
    wrong.password = 'guessed';
    await expect(ask(wrong.href, 'select 1')).rejects.toThrow('password authentication failed');
    expect((await stat(path.join(dataDir, 'postgres', 'password'))).mode & 0o777).toBe(0o600);
  });

  test('keeps its data from one start to the next', async () => {
    const first = await start();
    await ask(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    const second = await start();
    expect(await ask(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  test('is down and its port closed when stop resolves, however often it is called', async () => {
    const server = await start();
    const pid = serverPid();
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    expect(existsSync(clusterFile('postmaster.pid'))).toBe(false);
    // Its last act is to remove that file; what is left of it then is gone in a moment.
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), { timeout: 20_000 });
    await expect(ask(server.url, 'select 1')).rejects.toThrow('ECONNREFUSED');
  });

  test('does not wait at stop for clients that stay connected', async () => {
    const server = await start();
    const client = new pg.Client({ connectionString: server.url });
    const cut = new Promise<Error>((resolve) => client.on('error', resolve));
    await client.connect();
    await client.query('begin');
    await server.stop();
    expect(await cut).toBeInstanceOf(Error);
  });

  test('comes back on the same URL when the server is killed', async () => {
    const { url } = await start();
    await ask(url, 'create table survivor as select 7 as n');
    const pid = serverPid();
    await kill(pid);
    // Refused connections are answers too, until the server is back.
    const answer = () => ask(url, 'select n from survivor').catch((error: Error) => error.message);
    await expect.poll(answer, POLL).toEqual([{ n: 7 }]);
    expect(serverPid()).not.toBe(pid);
  });

  test('is still locked after its session was cut', async () => {
    const { url } = await start();
    const findHolder = async () => (await ask(url, `select pid from pg_locks where locktype = 'advisory'`))[0]?.pid;
    const first = await findHolder();
    await ask(url, `select pg_terminate_backend(${first})`);
    await expect.poll(findHolder, POLL).not.toBeOneOf([first, undefined]);
    await expect(startEmbeddedPostgres({ dataDir, settings })).rejects.toThrow('in use');
  });

  test('outlives its application and is taken over by the next one', async () => {
    await using application = startApplication(dataDir, true);
    const [, url] = await application.waitForOutput(/ready (\S+)/);
    const pid = serverPid();
    // As Ctrl-C does, the signal goes to the application and all that share its process group.
    process.kill(-application.pid, 'SIGINT');
    await application.waitForEnd();
    const next = await start();
    expect(next.url).toBe(url);
    expect(serverPid()).toBe(pid);
  });

  test('whose application and server were both killed starts anew', async () => {
    await using application = startApplication(dataDir);
    await application.waitForOutput(/ready/);
    application.kill('SIGKILL');
    await application.waitForEnd();
    await kill(serverPid());
    const { url } = await start();
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('starts when the number in its pid file is another program by now', async () => {
    await using application = startApplication(dataDir);
    await application.waitForOutput(/ready/);
    application.kill('SIGKILL');
    await application.waitForEnd();
    await kill(serverPid());
    const { uid, gid } = await stat(clusterFile('PG_VERSION'));
    await using other = startProcess('sleep', ['60'], { uid, gid });
    const pidFile = readFileSync(clusterFile('postmaster.pid'), 'utf8');
    await writeFile(clusterFile('postmaster.pid'), pidFile.replace(/^\d+/, String(other.pid)));
    const { url } = await start();
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(other.child.exitCode).toBeNull();
  });

  test('refuses a second application and tells which process has it', async () => {
    const { url } = await start();
    await using second = startApplication(dataDir);
    const [, message] = await second.waitForOutput(/refused (.*)/);
    expect(message).toMatch(/^EmbeddedPostgresError: The data folder \S+ is in use by another assay/);
    expect(message).toContain(`(process ${process.pid})`);
    expect(await second.waitForEnd()).toEqual({ code: 1, signal: null });
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('that does not start says why, in the words of PostgreSQL', async () => {
    const broken = startEmbeddedPostgres({ dataDir, settings: { shared_buffers: 'much' } });
    await expect(broken).rejects.toThrow(/PostgreSQL did not start on .*invalid value for parameter "shared_buffers"/s);
  });
});

describe('a new data folder', () => {
  test('survives an initdb that is killed half-way', async () => {
    const folder = path.join(root, 'half');
    const holdsCluster = (name: string) => existsSync(path.join(folder, name, 'cluster', 'PG_VERSION'));
    const isBegun = async () => (await readdir(folder).catch(() => [])).some(holdsCluster);
    do {
      removeFolder(folder); // where this process was held up, and the kill came too late
      // In a process group of its own, so that the kill reaches initdb too.
      await using application = startApplication(folder, true);
      await expect.poll(isBegun, POLL).toBe(true);
      process.kill(-application.pid, 'SIGKILL');
      await application.waitForEnd();
    } while (existsSync(path.join(folder, 'postgres')));
    expect(await readdir(folder)).toEqual([expect.stringContaining('.new-')]);

    const { url } = await start(folder);
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(await readdir(folder)).toEqual(['postgres']);
  });

  test('goes to exactly one of two applications that start at once', async () => {
    const folder = path.join(root, 'race');
    await using left = startApplication(folder);
    await using right = startApplication(folder);
    const outcomes = await Promise.all([left, right].map((one) => one.waitForOutput(/(ready|refused) .*/)));
    const words = outcomes.map(([, word]) => word);
    expect(words.sort()).toEqual(['ready', 'refused']);
    expect(outcomes.find(([, word]) => word === 'refused')?.[0]).toContain('in use by another assay');
    left.kill('SIGKILL');
    right.kill('SIGKILL');
    await Promise.all([left.waitForEnd(), right.waitForEnd()]);
    const { url } = await start(folder);
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('works inside a folder that only its owner may enter', async () => {
    const closed = path.join(root, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const { url } = await start(path.join(closed, 'data'));
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('that is a file, or below one, is refused by name', async () => {
    const file = path.join(root, 'file');
    await writeFile(file, '');
    await expect(startEmbeddedPostgres({ dataDir: file })).rejects.toThrow(`its data in ${file}: it is a file`);
    const below = path.join(file, 'data');
    await expect(startEmbeddedPostgres({ dataDir: below })).rejects.toThrow(
      `in ${below}: one of its parents is a file`,
    );
    await expect(startEmbeddedPostgres({ dataDir: below })).rejects.toBeInstanceOf(EmbeddedPostgresError);
  });

  test('that cannot be written to is refused by name', async () => {
    const own = path.join(root, 'read-only');
    await mkdir(own, { mode: 0o500 });
    // Root may write everywhere but in the folders of the kernel.
    const folder = isRoot ? '/sys/assay' : own;
    await expect(startEmbeddedPostgres({ dataDir: folder })).rejects.toThrow(
      /cannot keep its data in \S+: (permission is denied|the file system is read-only)/,
    );
  });

  test('with something else where PostgreSQL would live is left alone', async () => {
    const folder = path.join(root, 'foreign');
    await mkdir(path.join(folder, 'postgres'), { recursive: true });
    await writeFile(path.join(folder, 'postgres', 'letter.txt'), 'dear');
    await expect(startEmbeddedPostgres({ dataDir: folder, settings })).rejects.toThrow('is not empty, but holds no');
    expect(await readdir(path.join(folder, 'postgres'))).toEqual(['letter.txt']);
    expect(await readdir(folder)).toEqual(['postgres']);
  });
});

test('links to libraries that an install without scripts has left out are made', async () => {
  const native = path.join(root, 'package', 'native');
  await mkdir(path.join(native, 'lib'), { recursive: true });
  await writeFile(path.join(native, 'lib', 'libpq.so.5.18'), 'library');
  const links = [
    { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so' },
    { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' },
  ];
  await writeFile(path.join(native, 'pg-symlinks.json'), JSON.stringify(links));
  await linkLibraries(native);
  await linkLibraries(native);
  expect(await readlink(path.join(native, 'lib', 'libpq.so'))).toBe('libpq.so.5.18');
  expect(readFileSync(path.join(native, 'lib', 'libpq.so.5'), 'utf8')).toBe('library');
});
