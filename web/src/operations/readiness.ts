import { useQuery } from '@tanstack/react-query';

/** What the API says of its parts, to anybody. */
export interface Readiness {
  ready: boolean;
  database: boolean;
  migrations: boolean;
  feed: boolean;
}

/** It has no events of its own. */
const LOOK_AGAIN_MS = 5_000;

export function useReadiness() {
  return useQuery({
    queryKey: ['ready'],
    refetchInterval: LOOK_AGAIN_MS,
    queryFn: async () => {
      const response = await fetch('/readyz');
      if (response.status !== 200 && response.status !== 503) throw new Error(`HTTP ${response.status}`);
      return (await response.json()) as Readiness;
    },
  });
}
