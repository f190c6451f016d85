import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

/** A little less than a test may take, so that what the process has said is told where it comes to nothing. */
const DEFAULT_LIMIT_MS = 50_000;

/** How a process ended: by itself with `code`, or by `signal`. */
export interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A real process under test. `await using` kills it (SIGKILL) at the end of the block if it still runs. */
export interface RunningProcess extends AsyncDisposable {
  child: ChildProcess;
  pid: number;
  /** All that it has written so far, to standard output and standard error. */
  output(): string;
  /** Resolves with the match as soon as the output matches; rejects when it ends before or does not within the limit. */
  waitForOutput(pattern: RegExp, limitMs?: number): Promise<RegExpExecArray>;
  /** Resolves when it has ended and all its output is read; rejects when it does not within the limit. */
  waitForEnd(limitMs?: number): Promise<ProcessEnd>;
  kill(signal?: NodeJS.Signals): void;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a program. Nothing of it survives this process, as long as it keeps no children of its own. */
export function startProcess(command: string, args: string[], options: SpawnOptions = {}): RunningProcess {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
  }
  running.add(child);
  const closed = new Promise<ProcessEnd>((resolve, reject) => {
    child.once('error', reject).once('close', (code, signal) => resolve({ code, signal }));
  });
  // Whoever waits for the end gets the error of a program that cannot be started; nobody has to wait.
  closed.catch(() => undefined).finally(() => running.delete(child));
  const output = () => chunks.join('');
  const describe = (what: string) => new Error(`${command} ${args.join(' ')}: ${what}. Its output:\n${output()}`);

  const waitForEnd = async (limitMs = DEFAULT_LIMIT_MS) => {
    const limit = delay(limitMs, undefined, { ref: false }).then(() => {
      throw describe(`still running after ${limitMs} ms`);
    });
    return Promise.race([closed, limit]);
  };
  const waitForOutput = async (pattern: RegExp, limitMs = DEFAULT_LIMIT_MS) => {
    const deadline = Date.now() + limitMs;
    let ended = false;
    closed
      .catch(() => undefined)
      .finally(() => {
        ended = true;
      });
    for (;;) {
      const last = ended;
      const match = pattern.exec(output());
      if (match) return match;
      if (last) throw describe(`ended without writing ${pattern}`);
      if (Date.now() > deadline) throw describe(`did not write ${pattern} within ${limitMs} ms`);
      await delay(10);
    }
  };
  return {
    child,
    pid: child.pid ?? 0,
    output,
    waitForOutput,
    waitForEnd,
    kill: (signal = 'SIGTERM') => void child.kill(signal),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await closed.catch(() => undefined);
    },
  };
}
