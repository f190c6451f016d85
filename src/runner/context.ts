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
  /**
   * Writes a line into the worker's log, which adds the job, the attempt and the request that it came from. Never what a user
   * wrote. The first 100 lines of an attempt are kept, of a message 1,000 characters.
   */
  log(message: string, facts?: LineFacts): void;
  readonly files: RunFiles;
  /**
   * Adds rows to those that this attempt has gathered; of rows with the same id the last one counts. Await it before the
   * next, and before the end: it resolves when they are written, so that a handler is never ahead of the database.
   * @returns how many different rows there are by now
   */
  stage(rows: readonly StagedRow[]): Promise<number>;
  /** What the installation tells its handlers. Never a part of an output, a report or a message: it holds credentials. */
  readonly settings: Settings;
}

export type LineFacts = Readonly<Record<string, string | number | boolean | null>>;

/** What a handler has to say to the log. */
export interface Line {
  message: string;
  facts: LineFacts;
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

/** A row that an attempt has gathered, for its kind's `onComplete` to take over. */
export interface StagedRow {
  readonly id: string;
  /** JSON. */
  readonly data: unknown;
  /** The text by which it can be found. */
  readonly words: string;
}

/** What of the configuration handlers need. Read from the environment by the process, and stored nowhere. */
export interface Settings {
  readonly syncSources: Readonly<Partial<Record<string, { readonly url: string; readonly token?: string }>>>;
  /** Rows that a sync may read. */
  readonly syncRows: number;
  /** Unset: there is none, and what needs one fails. */
  readonly languageModel?: LanguageModel;
}

/** An endpoint that speaks OpenAI's protocol of chat completions. */
export interface LanguageModel {
  /** Without a slash at its end; `/chat/completions` is put after it. */
  readonly url: string;
  readonly model: string;
  readonly key?: string;
  /** How long one question may take, with all that is tried again, in milliseconds. */
  readonly timeoutMs: number;
}

/** Of an installation that says nothing. */
export const NO_SETTINGS: Settings = { syncSources: {}, syncRows: 0 };
