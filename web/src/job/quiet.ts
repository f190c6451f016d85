import { useNow } from '../now.ts';
import type { JobQuery } from '../operations.generated.ts';

/** After so long without progress one is told. */
const QUIET_MS = 180_000;
/** Jobs whose latest word is remembered. */
const MOST_KNOWN = 1_000;

type Running = Pick<NonNullable<JobQuery['job']>, 'id' | 'status' | 'attempt' | 'round' | 'startedAt' | 'progress'>;

/** What each job said last, and when it was first heard here. */
const heard = new Map<string, { word: string; at: number }>();

/**
 * For how long a running job has made no progress, in milliseconds; null below three minutes. The API tells the latest
 * word, not its time: what had been said before this page first heard of it counts from then on.
 */
export function useQuiet(job: Running): number | null {
  const now = useNow();
  if (job.status !== 'PROCESSING' || !job.startedAt) return null;
  const quiet = now - lastWordAt(job, Date.parse(job.startedAt), now);
  return quiet >= QUIET_MS ? quiet : null;
}

function lastWordAt({ id, attempt, round, progress }: Running, startedAt: number, now: number): number {
  const { percent, stage, message, current, offset } = progress;
  const word = JSON.stringify([round, attempt, percent, stage, message, current, offset]);
  const isSilent = percent === 0 && stage === null && message === null && current === null;
  const known = heard.get(id);
  if (known?.word === word) return known.at;
  const at = isSilent ? startedAt : now;
  if (heard.size >= MOST_KNOWN) heard.delete(heard.keys().next().value ?? '');
  heard.set(id, { word, at });
  return at;
}
