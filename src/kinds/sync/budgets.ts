/** What a source may ask of us before its sync fails. The rows that it may have are a setting of the installation. */
export interface Budgets {
  /** Rows asked for at once. */
  readonly pageRows: number;
  /** Bytes of one page, as they are after decompression. */
  readonly pageBytes: number;
  /** Milliseconds from the question for a page to its last byte. */
  readonly pageMs: number;
  readonly totalBytes: number;
  readonly totalMs: number;
  /** How often a page is asked for, where the source did not answer or answered that it cannot. */
  readonly tries: number;
  /** Likewise, where the page took too long: each try costs all of its time. */
  readonly slowTries: number;
  /** Likewise, where the source asks to be left alone for a while. */
  readonly busyTries: number;
  /** Milliseconds before the second try; each further one doubles it. */
  readonly pauseMs: number;
  /** The longest wait, in milliseconds, that a source may ask for. */
  readonly longestWaitMs: number;
}

export const BUDGETS: Budgets = {
  pageRows: 500,
  pageBytes: 10_485_760,
  pageMs: 10_000,
  totalBytes: 536_870_912,
  totalMs: 1_500_000,
  tries: 5,
  slowTries: 2,
  busyTries: 10,
  pauseMs: 250,
  longestWaitMs: 60_000,
};
