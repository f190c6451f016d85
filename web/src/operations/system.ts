import { useQuery } from '@tanstack/react-query';
import { SystemNowDocument, type SystemNowQuery } from '../operations.generated.ts';
import { useClient } from '../session-context.tsx';

/** Events tell of jobs, not of workers that fall silent. */
const LOOK_AGAIN_MS = 5_000;

export type Worker = SystemNowQuery['systemHealth']['workers'][number];

/** The queue and the workers at this moment, with ages by the clock of the database. */
export function useSystemNow() {
  const client = useClient();
  return useQuery({
    queryKey: ['system'],
    refetchInterval: LOOK_AGAIN_MS,
    queryFn: async () => (await client.request(SystemNowDocument, {})).systemHealth,
  });
}
