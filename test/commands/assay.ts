import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type RunningProcess, startProcess } from '../support/process.ts';

/** The compiled command line, as `npm test` has built it. */
export const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

const OWN = { PATH: process.env.PATH, HOME: process.env.HOME };

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

export interface AssayOptions {
  cwd: string;
  /** All variables but PATH and HOME: none of the test run's own reach the command. */
  env?: NodeJS.ProcessEnv;
  /** The user to run as, of a group of the same number. */
  uid?: number;
  /** Another build of it. */
  cli?: string;
}

/** Runs a command to its end. */
export function runAssay(args: string[], { cli = CLI, ...options }: AssayOptions): Promise<Outcome> {
  const settings = {
    ...options,
    gid: options.uid,
    env: { ...OWN, ...options.env },
    timeout: 30_000,
    killSignal: 'SIGKILL' as const,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [cli, ...args], settings, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
  });
}

/** Starts a command that lasts. */
export function startAssay(args: string[], { cli = CLI, ...options }: AssayOptions): RunningProcess {
  return startProcess(process.execPath, [cli, ...args], { ...options, env: { ...OWN, ...options.env } });
}
