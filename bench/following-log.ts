import type { FeedEvent, JobEvent } from '../src/client/index.ts';

/** What one follower was told, in the order in which it was told. */
export interface FollowingLog {
  /** Null for one who follows everyone's. */
  readonly userId: string | null;
  /** The jobs that he follows. */
  readonly jobIds: readonly string[];
  /** The events' numbers, by job. */
  readonly seqs: ReadonlyMap<string, readonly number[]>;
  /** Events of others' jobs. */
  readonly foreign: number;
  /** How often he had to begin anew, because events could not be told. */
  readonly restarts: number;
}

/** What must be 0 after all. */
export interface Faults {
  missing: number;
  repeated: number;
  disordered: number;
  foreign: number;
}

/** Pictures of a job, which are no events. */
const PICTURES = ['SNAPSHOT', 'PROGRESSED', 'RESYNC'];

export class OpenLog implements FollowingLog {
  readonly userId: string | null;
  readonly jobIds: readonly string[];
  readonly seqs = new Map<string, number[]>();
  foreign = 0;
  restarts = 0;

  constructor(userId: string | null, jobIds: readonly string[]) {
    this.userId = userId;
    this.jobIds = jobIds;
  }

  take(message: FeedEvent | JobEvent): void {
    if ('position' in message) {
      if (message.reason !== 'START') this.restarts += 1;
    } else if (!this.#mayHear(message)) this.foreign += 1;
    else if (message.type === 'RESYNC') this.restarts += 1;
    else if (!PICTURES.includes(message.type)) this.#note(message.jobId, message.seq);
  }

  #mayHear({ userId, jobId }: JobEvent): boolean {
    return (this.userId === null || userId === this.userId) && this.jobIds.includes(jobId);
  }

  #note(jobId: string, seq: number): void {
    const seqs = this.seqs.get(jobId);
    if (seqs) seqs.push(seq);
    else this.seqs.set(jobId, [seq]);
  }
}

/**
 * @param log of a follower who has heard all he will hear
 * @param ends the number of each job's last event
 * @param first the number of the first event that he was to be told
 */
export function audit(log: FollowingLog, ends: ReadonlyMap<string, number>, first: number): Faults {
  const faults = { missing: 0, repeated: 0, disordered: 0, foreign: log.foreign };
  for (const jobId of log.jobIds) {
    const seqs = log.seqs.get(jobId) ?? [];
    const known = new Set(seqs);
    for (let seq = first; seq <= (ends.get(jobId) ?? 0); seq += 1) if (!known.has(seq)) faults.missing += 1;
    faults.repeated += seqs.length - known.size;
    faults.disordered += seqs.filter((seq, index) => seq < (seqs[index - 1] ?? 0)).length;
  }
  return faults;
}

export function sum(all: readonly Faults[]): Faults {
  const total: Faults = { missing: 0, repeated: 0, disordered: 0, foreign: 0 };
  for (const faults of all) {
    for (const name of Object.keys(total) as (keyof Faults)[]) total[name] += faults[name];
  }
  return total;
}
