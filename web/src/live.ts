import type { QueryClient } from '@tanstack/react-query';
import { type AssayClient, AssayError, type FeedEvent, type JobEvent } from '../../src/client/index.ts';
import type { JobQuery, JobsQuery, MeQuery, SyncCardsQuery } from './operations.generated.ts';
import { hasScope, type Viewer } from './session-context.tsx';

/** The lists are read again at most so often, however much happens; those of everyone cost more, and change all the time. */
const READ_AGAIN_MS = { USER: 400, SERVICE: 1_500 };
/** What an event may change beyond what it says itself. */
const TOUCHED = ['jobs', 'job', 'stats', 'system', 'stuck', 'sync', 'report', 'content', 'ledger'];

type LiveJob = Pick<NonNullable<JobQuery['job']>, 'id' | 'seq' | 'status' | 'progress'>;
type Change = Pick<JobEvent, 'jobId' | 'seq' | 'status' | 'progress' | 'type' | 'round' | 'attempt'>;

/**
 * Keeps what is shown up to date, here and nowhere else: what an event says is put into the cache at once, and what it
 * implies (a row that comes or goes, what one may do now) is read again.
 * @returns what ends it
 */
export function followLive(client: AssayClient, cache: QueryClient, viewer: Viewer, onEnded: () => void): () => void {
  const feed = viewer.kind === 'USER' ? client.watchMine() : hasScope(viewer, 'jobs:read') ? client.watchAll() : null;
  if (!feed) return () => undefined;
  const readAgain = createReader(cache, READ_AGAIN_MS[viewer.kind]);
  void take(feed, (event) => applyEvent(cache, event, readAgain.soon)).catch((error: unknown) => {
    if (error instanceof AssayError && error.code === 'UNAUTHENTICATED') onEnded();
  });
  const stopListening = client.onLinkState((state) => {
    if (state === 'connected') readAgain.soon();
  });
  return () => {
    stopListening();
    readAgain.stop();
    void feed.return?.();
  };
}

async function take(feed: AsyncIterable<FeedEvent>, apply: (event: FeedEvent) => void): Promise<void> {
  for await (const event of feed) apply(event);
}

function createReader(cache: QueryClient, everyMs: number) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    soon(): void {
      timer ??= setTimeout(() => {
        timer = undefined;
        for (const key of TOUCHED) void cache.invalidateQueries({ queryKey: [key] });
      }, everyMs);
    },
    stop: () => clearTimeout(timer),
  };
}

function applyEvent(cache: QueryClient, event: FeedEvent, readAgain: () => void): void {
  if (event.__typename === 'FeedPosition') {
    readAgain();
    return;
  }
  cache.setQueriesData<JobsQuery>(
    { queryKey: ['jobs'] },
    (data) =>
      data && { ...data, jobs: { ...data.jobs, nodes: data.jobs.nodes.map((job) => changed(job, event) ?? job) } },
  );
  cache.setQueryData<JobQuery>(['job', event.jobId], (data) => (data?.job ? { job: changed(data.job, event) } : data));
  cache.setQueriesData<SyncCardsQuery>({ queryKey: ['sync'] }, (data) => data && changedCards(data, event));
  const { tokenBalance } = event;
  if (tokenBalance !== null) {
    cache.setQueryData<MeQuery>(['viewer'], (data) =>
      data?.viewer.id === event.userId ? { viewer: { ...data.viewer, tokenBalance } } : data,
    );
  }
  // What is being read may be older than this, and progress is told only once.
  if (event.type !== 'PROGRESSED' || cache.isFetching() > 0) readAgain();
}

/** The job with what happened to it; itself where it knew, and where it is another job. */
function changed<Job extends LiveJob>(job: Job, event: Change): Job {
  if (job.id !== event.jobId || event.seq < job.seq) return job;
  const { seq, status, progress, round, attempt } = event;
  return { ...job, seq, status, progress, round, attempt };
}

function changedCards(cards: SyncCardsQuery, event: Change): SyncCardsQuery {
  const entries = Object.entries(cards).map(([name, card]) => [
    name,
    card.activeJob ? { ...card, activeJob: changed(card.activeJob, event) } : card,
  ]);
  return Object.fromEntries(entries) as SyncCardsQuery;
}
