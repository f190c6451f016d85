import { describe, expect, it } from 'vitest';
import { type Books, type EventRow, type JobRow, keyOf } from '../../chaos/books.ts';
import type { Entry, Operation } from '../../chaos/client-log.ts';
import { checkLog } from '../../chaos/log-check.ts';

const USER = 'a-user';

const submit = (key: string, outcome: Entry['outcome'], jobId?: string): Entry => ({
  ...{ operation: 'submit', userId: USER, key, outcome, sentAt: 0 },
  ...(jobId !== undefined && { jobId }),
});
const act = (operation: Operation, jobId: string, outcome: Entry['outcome']): Entry => ({
  ...{ operation, userId: USER, jobId, outcome, sentAt: 0 },
});

/** Books of jobs, each with its key and the types of its events; without a key the row is gone. */
function books(jobs: { id: string; key?: string; log?: string; deleted?: boolean; user?: string }[]): Books {
  const present = jobs.filter(({ key }) => key !== undefined);
  const events = ({ id, log = 'QUEUED' }: { id: string; log?: string }): EventRow[] =>
    log.split(' ').map((type, index) => ({ job_id: id, seq: index + 1, type, status: type, round: 1, attempt: 0 }));
  return {
    jobs: new Map(
      present.map(({ id, deleted, user = USER }): [string, JobRow] => [
        id,
        { id, user_id: user, status: 'QUEUED', round: 1, seq: 1, deleted_at: deleted ? 'now' : null },
      ]),
    ),
    events: new Map(jobs.map((job) => [job.id, events(job)])),
    keys: new Map(present.map(({ id, key, user = USER }) => [keyOf(user, key ?? ''), id])),
    grants: new Map([[USER, 0]]),
  };
}

const rulesOf = (entries: Entry[], of: Books) => checkLog(entries, of).map(({ rule }) => rule);

describe('the clients’ log against the database', () => {
  it('finds nothing where every answer came true', () => {
    const entries = [
      submit('k1', 'ok', 'j1'),
      submit('k2', 'failed'),
      submit('k3', 'unknown'),
      submit('k4', 'unknown'),
    ];
    expect(
      rulesOf(
        entries,
        books([
          { id: 'j1', key: 'k1' },
          { id: 'j4', key: 'k4' },
        ]),
      ),
    ).toEqual([]);
  });

  it('finds an accepted job that is not there', () => {
    expect(rulesOf([submit('k1', 'ok', 'j1')], books([]))).toContain('an accepted job is there');
  });

  it('finds a job of a refused submit', () => {
    const stored = books([{ id: 'j1', key: 'k1' }]);
    expect(rulesOf([submit('k1', 'failed')], stored)).toEqual(['a refused submit leaves nothing']);
    expect(rulesOf([submit('k1', 'failed'), submit('k1', 'unknown')], stored)).toEqual([]);
  });

  it('finds a key that gave two jobs, unless the first one was removed in between', () => {
    const entries = [submit('k1', 'ok', 'j1'), submit('k1', 'ok', 'j2')];
    const stored = books([
      { id: 'j2', key: 'k1' },
      { id: 'j1', log: 'DELETED' },
    ]);
    expect(rulesOf(entries, stored)).toContain('one key gives one job');
    expect(rulesOf([...entries, act('force-delete', 'j1', 'unknown')], stored)).toEqual([]);
  });

  it('finds a key that leads to another job than the one it made', () => {
    const stored = books([
      { id: 'j1', key: 'other' },
      { id: 'j2', key: 'k1' },
    ]);
    expect(rulesOf([submit('k1', 'ok', 'j1'), submit('other', 'unknown')], stored)).toEqual(['a key leads to its job']);
  });

  it('finds a job that nobody submitted, and one of another user', () => {
    expect(rulesOf([], books([{ id: 'j1', key: 'k1' }]))).toEqual(['each job was submitted, by its user']);
    const strange = books([{ id: 'j1', key: 'k1', user: 'somebody' }]);
    expect(rulesOf([submit('k1', 'unknown')], strange)).toEqual(['each job was submitted, by its user']);
  });

  it('finds a job that is gone though no removal was sent, or one that was refused', () => {
    const gone = books([{ id: 'j1', log: 'DELETED' }]);
    const made = submit('k1', 'ok', 'j1');
    expect(rulesOf([made, act('cancel', 'j1', 'unknown')], gone)).toContain('a job goes only when it is told to');
    expect(rulesOf([made, act('force-delete', 'j1', 'failed')], gone)).toContain('a job goes only when it is told to');
    expect(rulesOf([made, act('delete-result', 'j1', 'ok')], gone)).toEqual([]);
  });

  it('finds a removed job that is still there, and one whose history is', () => {
    const made = submit('k1', 'ok', 'j1');
    expect(rulesOf([made, act('force-delete', 'j1', 'ok')], books([{ id: 'j1', key: 'k1' }]))).toEqual([
      'a removed job is gone',
    ]);
    const half = books([{ id: 'j1', log: 'QUEUED DELETED' }]);
    expect(rulesOf([made, act('force-delete', 'j1', 'ok')], half)).toEqual(['of a removed job the last event is left']);
  });

  it.each([
    ['retry', 'RETRIED', 'a job is retried as often as it is told to'],
    ['cancel', 'CANCELLED', 'a job is cancelled when it is told to'],
  ] as const)('finds a %s that did not happen, and one that nobody asked for', (operation, type, rule) => {
    const made = submit('k1', 'ok', 'j1');
    const with_ = (log: string) => books([{ id: 'j1', key: 'k1', log }]);
    expect(rulesOf([made, act(operation, 'j1', 'ok')], with_('QUEUED'))).toEqual([rule]);
    expect(rulesOf([made, act(operation, 'j1', 'failed')], with_(`QUEUED ${type}`))).toEqual([rule]);
    expect(rulesOf([made, act(operation, 'j1', 'unknown')], with_(`QUEUED ${type}`))).toEqual([]);
    expect(rulesOf([made, act(operation, 'j1', 'unknown')], with_('QUEUED'))).toEqual([]);
  });

  it('counts retries one by one, and cancels of a cancelled job as one', () => {
    const made = submit('k1', 'ok', 'j1');
    const twice = (operation: Operation) => [made, act(operation, 'j1', 'ok'), act(operation, 'j1', 'ok')];
    expect(rulesOf(twice('retry'), books([{ id: 'j1', key: 'k1', log: 'QUEUED RETRIED' }]))).toHaveLength(1);
    expect(rulesOf(twice('cancel'), books([{ id: 'j1', key: 'k1', log: 'QUEUED CANCELLED' }]))).toEqual([]);
  });

  it('finds a tombstone that nobody asked for, and a deletion that left none', () => {
    const made = submit('k1', 'ok', 'j1');
    const rule = 'a job is deleted when it is told to';
    expect(rulesOf([made], books([{ id: 'j1', key: 'k1', deleted: true }]))).toEqual([rule]);
    expect(rulesOf([made, act('delete', 'j1', 'ok')], books([{ id: 'j1', key: 'k1' }]))).toEqual([rule]);
  });

  it('finds a grant that was done twice or not at all', () => {
    const grant: Entry = { operation: 'grant', userId: USER, outcome: 'ok', sentAt: 0 };
    const granted = (grants: number): Books => ({ ...books([]), grants: new Map([[USER, grants]]) });
    expect(rulesOf([grant], granted(1))).toEqual([]);
    expect(rulesOf([grant], granted(2))).toEqual(['each grant is done once']);
    expect(rulesOf([grant], granted(0))).toEqual(['each grant is done once']);
    expect(rulesOf([{ ...grant, outcome: 'unknown' }], granted(0))).toEqual([]);
  });
});
