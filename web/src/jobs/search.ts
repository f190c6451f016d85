import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';
import type { JobFilter, JobKind, JobStatus } from '../../../src/client/index.ts';
import type { JobsQueryVariables } from '../operations.generated.ts';
import { en } from '../texts/en.ts';

export const STATUSES: readonly JobStatus[] = ['QUEUED', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'];
export const KINDS = Object.keys(en.kind) as JobKind[];
export const PERIODS = { hour: 3_600_000, day: 86_400_000, week: 604_800_000 } as const;
export type Period = keyof typeof PERIODS;

const PAGE = 25;
/** What says where in the list one is; it makes no sense with other filters. */
const PLACE = ['after', 'before'];

/** What is looked for, as it stands in the address: a link to it shows the same. */
export interface Search {
  status: JobStatus[];
  kind: JobKind[];
  name: string;
  period: Period | null;
  userId: string;
  isDeletedShown: boolean;
  isOldestFirst: boolean;
  isFiltered: boolean;
  after: string | null;
  before: string | null;
}

export function useSearch(): [Search, (changes: Record<string, string | null>) => void] {
  const [params, setParams] = useSearchParams();
  const change = useCallback(
    (changes: Record<string, string | null>) =>
      setParams(
        (present) => {
          const next = new URLSearchParams(present);
          for (const name of PLACE) next.delete(name);
          for (const [name, value] of Object.entries(changes)) {
            if (value) next.set(name, value);
            else next.delete(name);
          }
          return next;
        },
        // Each page is a place to go back to; each letter of a word is not.
        { replace: !PLACE.some((name) => name in changes) },
      ),
    [setParams],
  );
  return [useMemo(() => readSearch(params), [params]), change];
}

export function readSearch(params: URLSearchParams): Search {
  const list = (name: string) => (params.get(name) ?? '').split(',');
  const period = params.get('period');
  const search = {
    status: STATUSES.filter((status) => list('status').includes(status)),
    kind: KINDS.filter((kind) => list('kind').includes(kind)),
    name: params.get('name') ?? '',
    period: period && period in PERIODS ? (period as Period) : null,
    userId: params.get('user') ?? '',
    isDeletedShown: params.get('deleted') === 'yes',
    isOldestFirst: params.get('order') === 'oldest',
    after: params.get('after'),
    before: params.get('before'),
  };
  const { status, kind, name, userId } = search;
  return {
    ...search,
    isFiltered: [status, kind, name, userId].some(({ length }) => length > 0) || search.period !== null,
  };
}

/** @param now milliseconds, from which a period is counted back to a whole minute */
export function filterOf(search: Search, now: number): JobFilter {
  const { status, kind, name, period, userId, isDeletedShown } = search;
  const since = period && Math.floor((now - PERIODS[period]) / 60_000) * 60_000;
  return {
    ...(status.length > 0 && { status }),
    ...(kind.length > 0 && { kind }),
    ...(name && { name }),
    ...(userId && { userId }),
    ...(since && { createdAfter: new Date(since).toISOString() }),
    ...(isDeletedShown && { includeDeleted: true }),
  };
}

export function variablesOf(search: Search, now: number): JobsQueryVariables {
  const { after, before, isOldestFirst } = search;
  const place = before ? { last: PAGE, before } : { first: PAGE, after };
  return { ...place, filter: filterOf(search, now), orderBy: isOldestFirst ? 'CREATED_ASC' : 'CREATED_DESC' };
}
