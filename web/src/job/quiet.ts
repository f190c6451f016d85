import { useNow } from '../now.ts';
import type { JobQuery } from '../operations.generated.ts';

/** After so long without progress one is told. */
const QUIET_MS = 180_000;

type Running = Pick<NonNullable<JobQuery['job']>, 'status' | 'startedAt' | 'progress'>;

/** For how long a running job has made no progress, in milliseconds; null below three minutes. */
export function useQuiet({ status, startedAt, progress }: Running): number | null {
  const now = useNow();
  const since = progress.reportedAt ?? startedAt;
  if (status !== 'PROCESSING' || !since) return null;
  const quiet = now - Date.parse(since);
  return quiet >= QUIET_MS ? quiet : null;
}
