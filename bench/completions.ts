const PATIENCE_MS = 60_000;

/** Jobs that a client has heard to be complete; the news of one may come before the answer that names it. */
export class Completions {
  /** How many there were. */
  count = 0;
  /** When the first of them came, since this was unset. */
  firstAt: number | undefined;
  /** When the last of them came. */
  lastAt = 0;
  readonly #early = new Set<string>();
  readonly #awaited = new Map<string, () => void>();

  note(jobId: string): void {
    this.count += 1;
    this.lastAt = performance.now();
    this.firstAt ??= this.lastAt;
    const resolve = this.#awaited.get(jobId);
    if (resolve) resolve();
    else this.#early.add(jobId);
  }

  /** Resolves when the job is known to be complete. @throws when that takes a minute */
  of(jobId: string): Promise<void> {
    if (this.#early.delete(jobId)) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const limit = setTimeout(() => reject(new Error(`Job ${jobId} did not complete in time`)), PATIENCE_MS);
    this.#awaited.set(jobId, () => {
      clearTimeout(limit);
      this.#awaited.delete(jobId);
      resolve();
    });
    return promise;
  }
}
