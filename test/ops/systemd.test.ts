import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STOP_LIMIT_MS } from '../../src/commands/shutdown.ts';
import { loadConfig, VARIABLES } from '../../src/config.ts';
import { useDatabase } from '../support/database.ts';
import { createInstallation } from '../support/installation.ts';
import { type RunningProcess, startProcess } from '../support/process.ts';
import { freePort } from '../support/upstream-process.ts';

const root = path.join(import.meta.dirname, '../..');
const folder = path.join(root, 'ops/systemd');
const units = readdirSync(folder).filter((name) => name.endsWith('.service'));
/** Where systemd's own exposure score, in tenths, says that little is left to shut. */
const MOST_EXPOSED = 20;

const database = useDatabase();
const scratch = mkdtempSync(path.join(tmpdir(), 'assay-units-'));
beforeAll(() => mkdirSync(path.join(scratch, 'data')));
afterAll(() => rmSync(scratch, { recursive: true }));

/** The text of a unit's file, as it would be on a machine where Assay is installed here. */
const textOf = (file: string) =>
  readFileSync(path.join(folder, file), 'utf8')
    .replaceAll('/opt/assay', root)
    .replaceAll('/var/lib/assay', path.join(scratch, 'data'));

/** All settings of a unit, by name; a name may be there several times. */
function settingsOf(file: string, instance = ''): (name: string) => string[] {
  const lines = textOf(file).replaceAll('%i', instance).split('\n');
  const settings = lines.flatMap((line) => [...line.matchAll(/^(\w+)=(.*)$/g)]);
  return (wanted) => settings.flatMap(([, name, value = '']) => (name === wanted ? [value] : []));
}

/** What a file of variables sets; without `filled`, the blanks in it too. */
const variablesIn = (text: string) =>
  Object.fromEntries([...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
const given = variablesIn(readFileSync(path.join(folder, 'assay.env'), 'utf8'));

/** The environment of a unit on a machine whose `assay.env` is filled in. */
function environmentOf(setting: (name: string) => string[]): Record<string, string> {
  const filled = { DATABASE_URL: database().url, JWT_SECRET: 'a secret of more than thirty-two bytes' };
  return { ...variablesIn(setting('Environment').join('\n')), ...given, ...filled };
}

/** Starts what a unit starts. */
function startUnit(file: string, instance = ''): RunningProcess {
  const setting = settingsOf(file, instance);
  const [command = '', ...args] = setting('ExecStart')[0]?.split(' ') ?? [];
  return startProcess(command, args, { cwd: setting('WorkingDirectory')[0], env: environmentOf(setting) });
}

/** Stops it as systemd would, which leaves it as long as the unit says. */
async function stopUnit(file: string, process: RunningProcess) {
  const setting = settingsOf(file);
  process.kill(setting('KillSignal')[0] as NodeJS.Signals);
  return await process.waitForEnd(Number(setting('TimeoutStopSec')[0]) * 1_000);
}

async function statusOf(url: string, headers: Record<string, string> = {}): Promise<number> {
  return (await fetch(url, { headers })).status;
}

describe('the units', () => {
  it.for(units)('%s is one that systemd takes, and shuts what it can', (file, context) => {
    const version = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' }).stdout ?? '';
    const number = Number(/^systemd (\d+)/.exec(version)?.[1]);
    if (!(number >= 250)) return context.skip('no systemd-analyze of systemd 250 or newer is installed');
    const copy = path.join(scratch, file.replace('@.', '@4000.'));
    writeFileSync(copy, textOf(file));
    const verified = spawnSync('systemd-analyze', ['verify', copy], { encoding: 'utf8' });
    // What it says of other units is the machine's.
    const said = verified.stderr.split('\n').filter((line) => line.includes('assay'));
    expect([verified.status, ...said]).toEqual([0]);
    const judged = ['security', '--offline=yes', `--threshold=${MOST_EXPOSED}`, '--no-pager', copy];
    expect(() => execFileSync('systemd-analyze', judged, { stdio: 'pipe' })).not.toThrow();
  });

  it('are not root', () => {
    for (const file of units) expect(settingsOf(file)('User'), file).toEqual(['assay']);
    expect(readFileSync(path.join(folder, 'assay.sysusers'), 'utf8')).toMatch(/^u assay -/m);
  });

  it('have the variables of this version, and two that are to be filled in', () => {
    const known = VARIABLES.map(({ name }) => name);
    for (const file of units) {
      for (const name of Object.keys(environmentOf(settingsOf(file))))
        expect(known, `${file}: ${name}`).toContain(name);
    }
    expect(() => loadConfig(given)).toThrow(/ 2 places:\n {2}DATABASE_URL must be set .*\n {2}JWT_SECRET /);
  });

  it.each([
    ['assay-api@.service', 1],
    ['assay-worker@.service', 2],
  ])('%s is killed only after the process had its own time for each part that stops slowly', (file, parts) => {
    const [seconds] = settingsOf(file)('TimeoutStopSec');
    expect(Number(seconds) * 1_000).toBeGreaterThan(parts * STOP_LIMIT_MS);
  });
});

describe('what the units start', () => {
  it('migrates', async () => {
    await using migration = startUnit('assay-migrate.service');
    expect(await migration.waitForEnd(30_000)).toEqual({ code: 0, signal: null });
  });

  it('is an API that is ready on its port, and drains when it is stopped', { timeout: 60_000 }, async () => {
    const port = await freePort();
    await using api = startUnit('assay-api@.service', String(port));
    await api.waitForOutput(/The API listens/);
    expect(await statusOf(`http://127.0.0.1:${port}/readyz`)).toBe(200);
    expect(await stopUnit('assay-api@.service', api)).toEqual({ code: 0, signal: null });
  });

  it('is a worker with metrics on its port, and drains when it is stopped', { timeout: 60_000 }, async () => {
    const port = await freePort();
    await using worker = startUnit('assay-worker@.service', String(port));
    await worker.waitForOutput(/worker started/);
    await using installation = await createInstallation(database().url);
    const authorization = `Bearer ${await installation.serviceToken('jobs:read')}`;
    expect(await statusOf(`http://127.0.0.1:${port}/metrics`, { authorization })).toBe(200);
    expect(await stopUnit('assay-worker@.service', worker)).toEqual({ code: 0, signal: null });
  });
});
