import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = path.join(import.meta.dirname, '..');

/** An earlier version of Assay, built in a folder that goes at the end. */
export interface OlderVersion extends AsyncDisposable {
  /** The commit that it is of, in short. */
  commit: string;
  /** Its command line. */
  cli: string;
}

/**
 * Builds the version that was there just before a migration, from the history of git, with the packages of today. Where the
 * migration is in no commit yet, that is the last one.
 * @throws where there is no history, as in an archive or a shallow clone
 */
export async function buildVersionBefore(migration: string): Promise<OlderVersion> {
  const file = `migrations/${migration}.up.sql`;
  const added = await git('log', '--format=%H', '--diff-filter=A', '--', file);
  const commit = added ? `${added}~1` : 'HEAD';
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'assay-older-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const archive = path.join(folder, 'version.tar');
  const parts = ['src', 'migrations', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];
  await git('archive', `--output=${archive}`, commit, ...parts);
  await run('tar', ['-xf', archive, '-C', folder]);
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'), 'dir');
  await run('npx', ['--no-install', 'tsc', '-p', 'tsconfig.build.json', '--noCheck'], { cwd: folder });
  const running = started.move();
  return {
    commit: await git('rev-parse', '--short', commit),
    cli: path.join(folder, 'dist/cli.js'),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function git(...args: string[]): Promise<string> {
  const { stdout } = await run('git', args, { cwd: root });
  return stdout.trim();
}
