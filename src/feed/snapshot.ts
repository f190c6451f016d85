/**
 * What PostgreSQL calls a snapshot: of which transactions the work can be seen. Those below `next` were over, but for the
 * open ones; of the others none was. Every transaction of the server counts, in whatever database.
 */
export interface Snapshot {
  readonly next: bigint;
  /** In ascending order, each below `next`. */
  readonly open: readonly bigint[];
}

/** Reads the text of a `pg_snapshot`, `xmin:xmax:xip,xip…`. */
export function parseSnapshot(text: string): Snapshot {
  const [, next = '', open = ''] = text.split(':');
  return { next: BigInt(next), open: open === '' ? [] : open.split(',').map(BigInt) };
}

/** Writes it as text that PostgreSQL reads. */
export const printSnapshot = (snapshot: Snapshot): string =>
  `${lowestUnseen(snapshot)}:${snapshot.next}:${snapshot.open.join(',')}`;

/** The first transaction whose work cannot be seen: whatever is below it can. */
const lowestUnseen = ({ open, next }: Snapshot): bigint => open[0] ?? next;

/** Whether a snapshot shows the work of a transaction, if it was not rolled back. */
export const isVisible = (xact: bigint, { next, open }: Snapshot): boolean => xact < next && !open.includes(xact);

export const isSameSnapshot = (one: Snapshot, other: Snapshot): boolean => printSnapshot(one) === printSnapshot(other);
