import { describe, expect, it } from 'vitest';
import type { Books, EventRow } from '../../chaos/books.ts';
import { checkFollowing } from '../../chaos/following-check.ts';
import type { Frame, Session } from '../../chaos/followings.ts';

const STATUSES: Record<string, string> = {
  QUEUED: 'QUEUED',
  STARTED: 'PROCESSING',
  RELEASED: 'QUEUED',
  RETRIED: 'QUEUED',
  DELETED: 'CANCELLED',
};
const LOG = ['QUEUED', 'STARTED', 'RELEASED', 'STARTED', 'COMPLETED'];

const event = (type: string, seq: number): EventRow => ({
  ...{ job_id: 'job', seq, type, status: STATUSES[type] ?? type, round: 1, attempt: 0 },
});
const frame = (type: string, seq: number, fields: Partial<Frame> = {}): Frame => {
  const { job_id, ...rest } = event(type, seq);
  return { ...rest, jobId: job_id, userId: 'user', ...fields };
};
/** Frames of the log, from one seq to another. */
const frames = (from: number, to: number) => LOG.slice(from - 1, to).map((type, index) => frame(type, from + index));
const session = (after: number | undefined, received: Frame[], end: Session['end'] = 'complete'): Session => ({
  ...{ after, frames: received, end },
});

const JOB = { id: 'job', user_id: 'user', status: 'COMPLETED', round: 1, seq: LOG.length, deleted_at: null };
const log = LOG.map((type, index) => event(type, index + 1));
const kept: Books = {
  jobs: new Map([['job', JOB]]),
  events: new Map([['job', log]]),
  keys: new Map(),
  grants: new Map(),
};
const gone: Books = { ...kept, jobs: new Map(), events: new Map([['job', [event('DELETED', 6)]]]) };

const faultsOf = (sessions: Session[], books = kept, mayBeGone = false) =>
  checkFollowing({ jobId: 'job', userId: 'user', sessions }, books, mayBeGone).map(({ detail }) => detail);

describe('what a follower received', () => {
  it('is right when it is the log, over any number of connections', () => {
    expect(faultsOf([session(0, frames(1, 5))])).toEqual([]);
    expect(faultsOf([session(0, frames(1, 2), 'broken'), session(2, [], 'left'), session(2, frames(3, 5))])).toEqual(
      [],
    );
    expect(faultsOf([session(undefined, [frame('SNAPSHOT', 3), ...frames(4, 5)])])).toEqual([]);
    expect(faultsOf([session(0, frames(1, 5), 'left'), session(5, [])])).toEqual([]);
  });

  it('may have progress in between, at the position where it stands', () => {
    const [first, second] = [frames(1, 2), frames(3, 5)];
    expect(faultsOf([session(0, [...first, frame('PROGRESSED', 2), ...second])])).toEqual([]);
    expect(faultsOf([session(0, [...first, frame('PROGRESSED', 3), ...second])])).toHaveLength(1);
  });

  it('is wrong with a gap, a repetition, or another order', () => {
    expect(faultsOf([session(0, [...frames(1, 2), ...frames(4, 5)])])).not.toEqual([]);
    expect(faultsOf([session(0, [...frames(1, 2), ...frames(2, 5)])])).not.toEqual([]);
    expect(faultsOf([session(0, [...frames(2, 2), ...frames(1, 1), ...frames(3, 5)])])).not.toEqual([]);
    expect(faultsOf([session(0, frames(1, 2), 'broken'), session(2, frames(2, 5))])).not.toEqual([]);
  });

  it('may leap forwards, never backwards, where it was told to read the job again', () => {
    expect(faultsOf([session(0, [...frames(1, 1), frame('RESYNC', 4), ...frames(5, 5)])])).toEqual([]);
    expect(faultsOf([session(0, [...frames(1, 4), frame('RESYNC', 2), ...frames(3, 5)])])).not.toEqual([]);
  });

  it('is wrong where it is not what the log has', () => {
    expect(faultsOf([session(0, [...frames(1, 4), frame('FAILED', 5)])])).not.toEqual([]);
    expect(faultsOf([session(0, [...frames(1, 4), frame('COMPLETED', 5, { attempt: 9 })])])).not.toEqual([]);
    expect(faultsOf([session(0, [...frames(1, 5), frame('DELETED', 6)])])).not.toEqual([]);
  });

  it('is wrong where it is another job’s or another user’s', () => {
    expect(faultsOf([session(0, [...frames(1, 4), frame('COMPLETED', 5, { jobId: 'other' })])])).not.toEqual([]);
    expect(faultsOf([session(0, [...frames(1, 4), frame('COMPLETED', 5, { userId: 'other' })])])).not.toEqual([]);
  });

  it('is wrong where the stream was over before the job was, or before the end of its log', () => {
    expect(faultsOf([session(0, frames(1, 2)), session(2, frames(3, 5))])).toEqual([
      'connection 1: was over at 2, which is STARTED',
    ]);
    expect(faultsOf([session(0, frames(1, 4), 'left')])).toEqual(['stopped at 4, though the log goes to 5']);
  });

  it('ends with the deletion where the history went with the job', () => {
    expect(faultsOf([session(0, [...frames(1, 2), frame('DELETED', 6)])], gone, true)).toEqual([]);
    expect(faultsOf([session(0, frames(1, 2), 'broken'), { ...session(2, [], 'refused') }], gone, true)).toEqual([]);
  });

  it('must not be refused where nobody removed the job', () => {
    const sessions = [{ ...session(0, [], 'refused'), code: 'NOT_FOUND' }, session(0, frames(1, 5))];
    expect(faultsOf(sessions)).toEqual(['connection 1: refused with NOT_FOUND']);
  });
});
