import type { Place } from './following.ts';
import { isKnown } from './job-place.ts';
import { WatchAllDocument, WatchMineDocument, type WatchMineSubscription } from './operations.generated.ts';

/** A message about many jobs: an event of one of them, or a position from which to begin anew. */
export type FeedEvent = WatchMineSubscription['myEvents'];

/** Jobs whose latest event is remembered, to tell a repeat. */
const MOST_KNOWN = 10_000;

/** The jobs of the user, or, for a service, those of everyone. */
export type Feed = 'mine' | 'all';

const DOCUMENTS = { mine: WatchMineDocument, all: WatchAllDocument };
const FIELDS = { mine: 'myEvents', all: 'allEvents' };

/** Where a follower of many jobs stands: behind this cursor. Without one he begins with the present. */
export function placeInFeed(feed: Feed, after: string | undefined): Place<Record<string, FeedEvent>, FeedEvent> {
  let position = after;
  const known = new Map<string, number>();

  function note(jobId: string, seq: number): void {
    // What was heard of last stands last, so that the longest silent one is forgotten first.
    known.delete(jobId);
    known.set(jobId, seq);
    for (const [oldest] of known) {
      if (known.size <= MOST_KNOWN) break;
      known.delete(oldest);
    }
  }

  return {
    query: DOCUMENTS[feed].toString(),
    variables: () => ({ after: position }),
    take(data) {
      const message = data[FIELDS[feed]] as FeedEvent;
      if (message.__typename === 'FeedPosition') {
        // From here on the numbers may be others, after a restore.
        known.clear();
        position = message.position;
        return message;
      }
      position = message.cursor ?? position;
      if (isKnown(message, known.get(message.jobId))) return undefined;
      if (message.type !== 'PROGRESSED') note(message.jobId, message.seq);
      return message;
    },
    // It has no end: whoever completes it has broken off.
    isOver: () => false,
  };
}
