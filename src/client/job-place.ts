import type { Place } from './following.ts';
import { WatchJobDocument, type WatchJobSubscription } from './operations.generated.ts';

/** A message of a followed job: an event of its log, or a picture of the job (SNAPSHOT, PROGRESSED, RESYNC). */
export type JobEvent = WatchJobSubscription['jobEvents'];

const FINISHED: readonly string[] = ['COMPLETED', 'FAILED', 'CANCELLED'];

/** Where a follower of one job stands: behind the event of this `seq`. Without one he begins with the present. */
export function placeInJob(jobId: string, after: number | undefined): Place<WatchJobSubscription, JobEvent> {
  let position = after;
  let latest: JobEvent | undefined;
  return {
    query: WatchJobDocument.toString(),
    variables: () => ({ jobId, after: position }),
    take({ jobEvents: event }) {
      if (isKnown(event, position)) return undefined;
      // Progress is of the present and no step in the log. A RESYNC may also lead back, after a restore.
      if (event.type !== 'PROGRESSED') position = event.seq;
      latest = event;
      return event;
    },
    // With nothing to tell of a finished job the API completes at once.
    isOver: () => latest === undefined || FINISHED.includes(latest.status),
  };
}

/** Whether a reader who stands at a position has this already: the event itself, or what came after this progress. */
export function isKnown({ type, seq }: Pick<JobEvent, 'type' | 'seq'>, position: number | undefined): boolean {
  if (position === undefined || type === 'SNAPSHOT' || type === 'RESYNC') return false;
  return type === 'PROGRESSED' ? seq < position : seq <= position;
}
