import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

const STOP_LIMIT_MS = 10_000;

/** Starts a process of `rivals/` as for production. @returns it, with its first message, by which it is ready */
export async function startRivalProcess(
  file: string,
  env: Record<string, string>,
  closing: AsyncDisposableStack,
): Promise<[child: ChildProcess, message: unknown]> {
  const child = fork(new URL(`./rivals/${file}.ts`, import.meta.url), {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', GRAPHILE_ENV: 'production', ...env },
  });
  closing.defer(() => stopRivalProcess(child));
  const [message] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => {
      throw new Error(`bench/rivals/${file}.ts has ended before it was ready`);
    }),
  ]);
  return [child, message];
}

/** Ends it, also where it is too busy to hear, and waits until it has ended. */
export async function stopRivalProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit', { signal: AbortSignal.timeout(STOP_LIMIT_MS) });
  child.kill('SIGKILL');
  await ended;
}
