import { KindError } from '../kind.ts';

/** The sync cannot go on. Without `isPassing`, another attempt would end the same way. */
export const sourceError = (
  message: string,
  { isPassing = false, cause }: { isPassing?: boolean; cause?: unknown } = {},
) => new KindError(message, { code: 'UPSTREAM_ERROR', retryable: isPassing, cause });

/** A page that another try may get. */
export class TryAgain extends Error {
  override readonly name = 'TryAgain';
  /** What the job fails with where no try is left. */
  readonly verdict: KindError;
  /** How often the page may be asked for in all. */
  readonly tries: number;
  /** What the source asked us to wait, in milliseconds. */
  readonly waitMs: number;

  constructor(verdict: KindError, { tries, waitMs = 0 }: { tries: number; waitMs?: number }) {
    super(verdict.message, { cause: verdict });
    this.verdict = verdict;
    this.tries = tries;
    this.waitMs = waitMs;
  }
}

/** `90 s`, `25 min`: for messages. */
export const spoken = (milliseconds: number): string =>
  milliseconds < 120_000 ? `${milliseconds / 1_000} s` : `${Math.round(milliseconds / 60_000)} min`;
