import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** How to start a program of PostgreSQL: `command` with `args` before its own, as `uid` and `gid` where given. */
export interface Program {
  command: string;
  args: string[];
  uid?: number;
  gid?: number;
}

/** The few variables PostgreSQL gets: none of ours, which hold secrets, and no `PG…`, which would change its settings. */
export function programEnvironment(): NodeJS.ProcessEnv {
  const { PATH, SystemRoot, TEMP, TMP } = process.env;
  return { PATH, SystemRoot, TEMP, TMP, LC_ALL: 'C', TZ: 'UTC' };
}

/**
 * Runs a program to its end.
 * @throws Error with what the program wrote to its error output, when it fails
 */
export async function runProgram({ command, args, uid, gid }: Program, more: string[]): Promise<void> {
  try {
    await promisify(execFile)(command, [...args, ...more], { uid, gid, env: programEnvironment(), cwd: '/' });
  } catch (error) {
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new Error(output || String(error), { cause: error });
  }
}
