import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runAssay, startAssay } from '../commands/assay.ts';
import type { RunningProcess } from './process.ts';

/** Processes of Assay on one database, started by its own command line, each on a port of its own. */
export interface Installation extends AsyncDisposable {
  startApi(): Promise<{ url: string; process: RunningProcess }>;
  startWorker(): Promise<RunningProcess>;
  userToken(sub?: string): Promise<string>;
  serviceToken(scopes: string): Promise<string>;
}

/**
 * @param env further variables for each of its processes
 * @param cli another build than this one
 */
export async function createInstallation(
  databaseUrl: string,
  env: NodeJS.ProcessEnv = {},
  cli?: string,
): Promise<Installation> {
  const cwd = await mkdtemp(path.join(tmpdir(), 'assay-installation-'));
  const options = {
    cwd,
    cli,
    env: { DATABASE_URL: databaseUrl, JWT_SECRET: randomBytes(32).toString('hex'), PORT: '0', ...env },
  };
  const running: RunningProcess[] = [];
  const start = (command: string) => {
    const process = startAssay([command], options);
    running.push(process);
    return process;
  };
  const print = async (...args: string[]) => {
    const { code, stdout, stderr } = await runAssay(args, options);
    if (code !== 0) throw new Error(stderr);
    return stdout.trim();
  };
  return {
    async startApi() {
      const process = start('api');
      const [, url = ''] = await process.waitForOutput(/(http:\/\/[\d.]+:\d+)/);
      return { url, process };
    },
    async startWorker() {
      const process = start('worker');
      await process.waitForOutput(/worker started/);
      return process;
    },
    userToken: (sub = randomUUID()) => print('token', 'user', '--sub', sub),
    serviceToken: (scopes) => print('token', 'service', '--name', 'test', '--scopes', scopes),
    async [Symbol.asyncDispose]() {
      for (const process of running) process.kill('SIGTERM');
      for (const process of running) await process.waitForEnd(30_000);
      await rm(cwd, { recursive: true, force: true });
    },
  };
}

/** Sends one operation over HTTP. */
export async function post(url: string, token: string, query: string, variables: object = {}) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as { data?: Record<string, never>; errors?: { extensions: { code: string } }[] };
}
