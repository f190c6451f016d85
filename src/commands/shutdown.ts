import type { Log } from '../log.ts';

/** Something that runs until it is stopped. */
export interface Part {
  stop(): Promise<void>;
}

/** Starts a part of a command; `name` is how it is called in messages. Nothing new starts once a stop was asked for. */
export type StartPart = <P extends Part>(name: string, start: () => Promise<P>) => Promise<P>;

// A terminal's Ctrl-C reaches us once from the terminal and once more from npm, within milliseconds.
const REPEATED_MS = 1_000;
/** After which a part that has not stopped is given up, and the process with it. */
export const STOP_LIMIT_MS = 60_000;

/**
 * Runs a command that lasts: `begin` starts its parts, a signal (SIGINT, SIGTERM, SIGHUP) or an error that nobody caught
 * stops them, the last started first. A second signal, more than a second after the first, ends the process at once.
 * @returns the exit code: 0 after a signal, 1 after an uncaught error or a part that would not stop
 * @throws what `begin` throws, after stopping what it had started
 */
export async function runUntilStopped(log: Log, begin: (start: StartPart) => Promise<void>): Promise<number> {
  const stop = onceAskedToStop(log);
  const parts: { name: string; part: Part }[] = [];
  const start: StartPart = async (name, startPart) => {
    if (stop.asked) throw STOPPED;
    const part = await startPart();
    parts.push({ name, part });
    if (stop.asked) throw STOPPED;
    return part;
  };
  try {
    await begin(start);
  } catch (error) {
    if (error !== STOPPED) {
      await stopAll(parts, log);
      throw error;
    }
  }
  const code = await stop.code;
  const stopped = await stopAll(parts, log);
  return stopped ? code : 1;
}

const STOPPED = new Error('The start was given up because a stop was asked for.');

interface StopRequest {
  readonly asked: boolean;
  readonly code: Promise<number>;
}

function onceAskedToStop(log: Log): StopRequest {
  let askedAt = 0;
  let answer: (code: number) => void = () => undefined;
  const code = new Promise<number>((resolve) => {
    answer = resolve;
  });
  const ask = (exitCode: number) => {
    askedAt ||= performance.now();
    answer(exitCode);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!askedAt) console.error('Stopping …');
      else if (performance.now() - askedAt > REPEATED_MS) {
        console.error('Ended at once.');
        process.exit(1);
      }
      ask(0);
    });
  }
  // Rejections that nobody handles arrive here as well.
  process.on('uncaughtException', (error, origin) => {
    log.fatal({ err: error, origin }, 'An error was not caught: stopping');
    ask(1);
  });
  return {
    get asked() {
      return askedAt > 0;
    },
    code,
  };
}

/** Stops the parts one after another. @returns false when one failed to */
async function stopAll(parts: { name: string; part: Part }[], log: Log): Promise<boolean> {
  let sound = true;
  for (const { name, part } of parts.splice(0).reverse()) {
    const limit = setTimeout(() => {
      console.error(`${name} did not stop within ${STOP_LIMIT_MS / 1_000} s.`);
      process.exit(1);
    }, STOP_LIMIT_MS);
    try {
      await part.stop();
    } catch (error) {
      log.error({ err: error }, `${name} did not stop cleanly`);
      sound = false;
    } finally {
      clearTimeout(limit);
    }
  }
  return sound;
}
