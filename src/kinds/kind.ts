import type { z } from 'zod';
import type { RunContext } from '../runner/context.ts';

/** One kind of job: what goes in, what comes out, what it may cost and how long it may take. */
export interface Kind<Input, Output> {
  readonly policy: KindPolicy;
  /** The content of a submit's input. Its issues become the submitter's `userErrors`, path by path. */
  readonly input: z.ZodType<Input>;
  /** The stored result. An output that does not fit fails the job: a wrong answer is never stored. */
  readonly output: z.ZodType<Output>;
  /** How many files one run may write; none where it is left out. */
  readonly outputFiles?: number;
  /**
   * Does the work, in a thread of its own. Throws {@link KindError} to say whether another attempt makes sense; any
   * other error counts as retryable.
   */
  run(input: Input, context: RunContext): Output | Promise<Output>;
  /**
   * Runs inside the transaction that completes the job, before the job itself is written, so that what it does is there
   * with the COMPLETED job or not at all. The one place where a kind gives SQL. It may run again after an outage. A
   * {@link KindError} that it throws fails the job.
   */
  onComplete?(execute: Execute, job: CompletingJob<Input, Output>): Promise<void>;
}

/** Runs one SQL statement with its parameters, and answers with its rows. */
export type Execute = <Row>(text: string, values?: readonly unknown[]) => Promise<Row[]>;

/** A job whose work is done and whose answer is about to be stored. */
export interface CompletingJob<Input, Output> {
  readonly id: string;
  /** Names the attempt, and with it the rows that it has staged. */
  readonly leaseToken: string;
  readonly input: Input;
  readonly output: Output;
}

export interface KindPolicy {
  /** Tokens charged at submit. */
  readonly price: number;
  /** Attempts in one round before the job fails. */
  readonly maxAttempts: number;
  /** Milliseconds that one attempt may run before it counts as stuck. */
  readonly runLimitMs: number;
}

/** A handler's verdict on its own failure. */
export class KindError extends Error {
  override readonly name = 'KindError';
  readonly code: 'INVALID_INPUT' | 'HANDLER_ERROR' | 'UPSTREAM_ERROR';
  readonly retryable: boolean;

  constructor(message: string, options: { code?: KindError['code']; retryable: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.code = options.code ?? 'HANDLER_ERROR';
    this.retryable = options.retryable;
  }
}
