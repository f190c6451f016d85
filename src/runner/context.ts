import type { Progress } from '../entities/progress.ts';

export type { Progress };

/** All that a handler sees of the world around it. */
export interface RunContext {
  /** Fires on cancel, at the run limit, when the lease is lost and at shutdown; 500 ms later the thread is terminated. */
  readonly signal: AbortSignal;
  /** 1, 2, 3: which delivery of the job this is, within its round. */
  readonly attempt: number;
  /** Tells how far the work is. Cheap to call often: the runner writes the latest value only, at most once per interval. */
  report(progress: Progress): void;
  readonly files: RunFiles;
}

/** The files of a run, as streams: a handler sees neither a path nor a database. */
export interface RunFiles {
  /** What was uploaded for the job; null where its kind takes no file. */
  readonly input: RunInput | null;
  /**
   * Stores a file that the job hands back, as fast as it can be written. It becomes the job's own with its answer; of an
   * attempt that ends otherwise nothing stays. A kind says beforehand how many there may be (`Kind.outputFiles`).
   * @returns its size in bytes
   */
  write(file: { name: string; contentType: string }, bytes: AsyncIterable<Uint8Array>): Promise<{ size: number }>;
}

export interface RunInput {
  readonly name: string;
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  /** Opens it to be read from its beginning, at the reader's pace. @throws KindError where its bytes are gone */
  read(): Promise<AsyncIterable<Uint8Array>>;
}
