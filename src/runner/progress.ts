import type { Progress } from './context.ts';

export interface ProgressWriterOptions {
  /** The least time between the starts of two writes. */
  intervalMs: number;
  write(progress: Progress): Promise<void>;
  /** Receives what `write` throws while the attempt runs. */
  onError(error: unknown): void;
}

export interface ProgressWriter {
  /** Cheap: keeps the value for the next write. The latest wins. */
  report(progress: Progress): void;
  /** Ends it: nothing is written any more, and an error of a write that is under way goes nowhere. */
  stop(): void;
}

/** Writes what a handler reports, at most once per interval and one write at a time. */
export function createProgressWriter({ intervalMs, write, onError }: ProgressWriterOptions): ProgressWriter {
  let latest: Progress | undefined;
  let busy = false;
  let stopped = false;
  let pause: NodeJS.Timeout | undefined;

  async function writeLatest(): Promise<void> {
    if (latest === undefined || stopped) return;
    const progress = latest;
    latest = undefined;
    busy = true;
    const startedAt = performance.now();
    try {
      await write(progress);
    } catch (error) {
      if (!stopped) onError(error);
    }
    if (stopped) return;
    const left = intervalMs - (performance.now() - startedAt);
    pause = setTimeout(
      () => {
        busy = false;
        void writeLatest();
      },
      Math.max(0, left),
    );
  }

  return {
    report(progress) {
      latest = progress;
      if (!busy) void writeLatest();
    },
    stop() {
      stopped = true;
      clearTimeout(pause);
    },
  };
}
