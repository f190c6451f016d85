import { useQuery } from '@tanstack/react-query';
import { LastHourDocument, type LastHourQuery } from '../operations.generated.ts';
import { useClient } from '../session-context.tsx';

/** It is read from the log, which costs more than the rest and moves less. */
const LOOK_AGAIN_MS = 30_000;

export type Minute = LastHourQuery['systemHealth']['finishedByMinute'][number];
export type Latency = LastHourQuery['systemHealth']['cancelLatency'];

/** How jobs end, each with a colour near that of its status, and all three of another lightness. */
export const ENDS = [
  { name: 'completed', status: 'COMPLETED', color: 'teal.6' },
  { name: 'failed', status: 'FAILED', color: 'red.8' },
  { name: 'cancelled', status: 'CANCELLED', color: 'orange.4' },
] as const;

/** What ended within the last hour, and how long cancels took. */
export function useLastHour() {
  const client = useClient();
  return useQuery({
    queryKey: ['lastHour'],
    refetchInterval: LOOK_AGAIN_MS,
    queryFn: async () => (await client.request(LastHourDocument, {})).systemHealth,
  });
}
