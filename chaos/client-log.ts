/** The mutations whose effects are checked. */
export type Operation = 'submit' | 'cancel' | 'retry' | 'delete' | 'force-delete' | 'delete-result' | 'grant';

/** One request as its client saw it. Until it is answered its outcome is not known. */
export interface Entry {
  operation: Operation;
  userId: string;
  /** The idempotency key of a submit. */
  key?: string;
  /** The job that it was about, or that it made. */
  jobId?: string;
  outcome: 'ok' | 'failed' | 'unknown';
  /** Why it failed, or is not known. */
  reason?: string;
  /** Milliseconds from the beginning of the run. */
  sentAt: number;
  answeredAt?: number;
}

export interface ClientLog {
  readonly entries: readonly Entry[];
  /** Writes a request down before it is sent. What is returned takes its outcome. */
  send(entry: Omit<Entry, 'outcome' | 'sentAt'>): (answer: Pick<Entry, 'outcome' | 'reason' | 'jobId'>) => Entry;
  /** Whether nobody can say any more what became of the job: a removal of it was sent. */
  mayBeGone(jobId: string): boolean;
}

/** Keeps what the clients know, as the truth to hold against the database in the end. */
export function createClientLog(): ClientLog {
  const begun = performance.now();
  const now = () => Math.round(performance.now() - begun);
  const entries: Entry[] = [];
  const removals = new Set<string>();
  return {
    entries,
    send(request) {
      const entry: Entry = { ...request, outcome: 'unknown', reason: 'never answered', sentAt: now() };
      entries.push(entry);
      if (isRemoval(entry) && entry.jobId) removals.add(entry.jobId);
      return ({ outcome, reason, jobId }) => {
        entry.outcome = outcome;
        entry.reason = reason;
        entry.jobId ??= jobId;
        entry.answeredAt = now();
        return entry;
      };
    },
    mayBeGone: (jobId) => removals.has(jobId),
  };
}

/** Whether a request removes the job's row. */
export const isRemoval = ({ operation }: Pick<Entry, 'operation'>): boolean =>
  operation === 'force-delete' || operation === 'delete-result';
