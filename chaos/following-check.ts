import type { Books, EventRow } from './books.ts';
import type { Violation } from './findings.ts';
import type { Following, Frame, Session } from './followings.ts';

/** After these a job is finished, so that a stream may be over. */
const ENDS = ['COMPLETED', 'FAILED', 'STUCK', 'CANCELLED', 'DELETED'];

/**
 * Whether a follower received each event of its job from its first position on, once and in order, over all its
 * connections, and nothing else.
 * @param mayBeGone whether a removal of the job was sent, so that its history may be gone
 */
export function checkFollowing(following: Following, books: Books, mayBeGone: boolean): Violation[] {
  const { jobId, userId, sessions } = following;
  const stored = new Map((books.events.get(jobId) ?? []).map((event) => [event.seq, event]));
  const isGone = !books.jobs.has(jobId);
  const faults: string[] = [];
  let position: number | undefined;
  for (const [index, session] of sessions.entries()) {
    const walk: Walk = { position: session.after, stored, isGone, userId, jobId };
    if (session.after !== position && index > 0) faults.push(`resumed from ${session.after}, not ${position}`);
    faults.push(...walkSession(session, walk).map((fault) => `connection ${index + 1}: ${fault}`));
    position = walk.position;
    if (session.end === 'refused' && !mayBeGone) faults.push(`connection ${index + 1}: refused with ${session.code}`);
  }
  const latest = books.jobs.get(jobId)?.seq;
  if (latest !== undefined && position !== latest)
    faults.push(`stopped at ${position}, though the log goes to ${latest}`);
  return faults.map((detail) => ({ rule: 'a follower receives each event once and in order', detail, jobId }));
}

interface Walk {
  position: number | undefined;
  stored: ReadonlyMap<number, EventRow>;
  isGone: boolean;
  userId: string;
  jobId: string;
}

function walkSession({ frames, end }: Session, walk: Walk): string[] {
  const faults = frames.flatMap((frame) => walkFrame(frame, walk));
  const last = walk.stored.get(walk.position ?? 0);
  // A history that is gone cannot tell any more whether the job was finished there.
  if (end === 'complete' && !walk.isGone && !(last && ENDS.includes(last.type))) {
    faults.push(`was over at ${walk.position}, which is ${last?.type ?? 'no event'}`);
  }
  return faults;
}

function walkFrame(frame: Frame, walk: Walk): string[] {
  const before = walk.position;
  const came = `${frame.type} ${frame.seq} came at ${before ?? 'the beginning'}`;
  if (frame.jobId !== walk.jobId || frame.userId !== walk.userId) return [`${came} and is another job’s`];
  if (frame.type === 'PROGRESSED') return frame.seq === before ? [] : [came];
  walk.position = frame.seq;
  if (frame.type === 'SNAPSHOT') return before === undefined ? [] : [came];
  if (frame.type === 'RESYNC') return frame.seq >= (before ?? 0) ? [] : [came];
  return isInPlace(frame, before ?? 0, walk) ? compare(frame, walk) : [came];
}

/** Whoever removes a job takes its history along: only the event that says so is left to be delivered. */
const isInPlace = ({ seq, type }: Frame, before: number, { isGone }: Walk): boolean =>
  seq === before + 1 || (type === 'DELETED' && isGone && seq > before);

function compare(frame: Frame, { stored, isGone }: Walk): string[] {
  const event = stored.get(frame.seq);
  if (!event) return isGone ? [] : [`${frame.type} ${frame.seq} is not in the log`];
  const fields = ['type', 'status', 'round', 'attempt'] as const;
  if (fields.every((field) => event[field] === frame[field])) return [];
  return [
    `${fields.map((field) => frame[field]).join(' ')} is ${fields.map((field) => event[field]).join(' ')} in the log`,
  ];
}
