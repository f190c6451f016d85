import { isVisible, type Snapshot } from './snapshot.ts';

/** How far somebody is in the log of many jobs: all that can be seen in a snapshot, and perhaps a part of what came since. */
export interface Position {
  /** Which log it is a position in. */
  readonly logId: string;
  readonly seen: Snapshot;
  readonly part: Part | null;
}

/** A part of a stretch of the log, which is what became visible between two snapshots, in the order of the rows' ids. */
export interface Part {
  /** Where the stretch ends. */
  readonly until: Snapshot;
  /** The last row that is known, and the last one of the stretch. */
  readonly last: bigint;
  readonly end: bigint;
}

/** The log as one statement found it. */
export interface LogState {
  readonly id: string;
  /** The greatest of what was pruned so far, and what the last prune could see: nothing else can have been pruned. */
  readonly pruned: { readonly id: bigint; readonly xact: bigint; readonly seen: Snapshot };
  /** The snapshot of that statement. */
  readonly now: Snapshot;
}

/** The position of one who knows all that a snapshot shows. */
export const upTo = (logId: string, seen: Snapshot): Position => ({ logId, seen, part: null });

/** The position behind a row of the stretch that follows `from`. */
export function behind(from: Position, row: bigint, stretch: Pick<Part, 'until' | 'end'>): Position {
  const { logId, seen } = from;
  return row >= stretch.end ? upTo(logId, stretch.until) : { logId, seen, part: { ...stretch, last: row } };
}

/**
 * Why nobody can go on from a position: it is in another log, or in a future that this log does not have (both are what a
 * restored backup looks like), or what follows it was pruned. Null where he can.
 */
export function whyLost({ logId, seen, part }: Position, log: LogState): 'RESTORED' | 'PRUNED' | null {
  const isAhead = [seen, part?.until ?? seen].some(({ next }) => next > log.now.next);
  if (logId !== log.id || isAhead) return 'RESTORED';
  const isKept = log.pruned.id <= (part?.last ?? 0n) || !missesPruned(seen, log.pruned);
  return isKept ? null : 'PRUNED';
}

/**
 * Whether something that a snapshot does not show may have been pruned. What was open then, and still is when the log is
 * pruned, is not: else a transaction that stays open anywhere in the server would make every new position a lost one.
 */
function missesPruned(seen: Snapshot, pruned: LogState['pruned']): boolean {
  if (pruned.xact >= seen.next) return true;
  return seen.open.some((xact) => xact <= pruned.xact && isVisible(xact, pruned.seen));
}
