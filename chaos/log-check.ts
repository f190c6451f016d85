import { type Books, keyOf } from './books.ts';
import { type Entry, isRemoval } from './client-log.ts';
import type { Violation } from './findings.ts';

/** Holds what the clients were told against what the database says. */
export function checkLog(entries: readonly Entry[], books: Books): Violation[] {
  const removals = Map.groupBy(entries.filter(isRemoval), ({ jobId }) => jobId ?? '');
  const mayBeGone = (jobId: string) => (removals.get(jobId) ?? []).some(({ outcome }) => outcome !== 'failed');
  return [
    ...checkSubmits(entries, books, mayBeGone),
    ...checkOrigins(entries, books),
    ...checkSteering(entries, books),
    ...checkGrants(entries, books),
  ];
}

/** Accepted: there, or removed on request. Refused: not there. Unknown: there once or not at all, which its key tells. */
function checkSubmits(entries: readonly Entry[], books: Books, mayBeGone: (jobId: string) => boolean): Violation[] {
  const submits = entries.filter(({ operation }) => operation === 'submit');
  const byKey = Map.groupBy(submits, ({ userId, key }) => keyOf(userId, key ?? ''));
  return [...byKey].flatMap(([key, tries]) => {
    const named = [...new Set(tries.flatMap(({ outcome, jobId }) => (outcome === 'ok' && jobId ? [jobId] : [])))];
    const stored = books.keys.get(key);
    const found: Violation[] = [];
    // A removed job frees its key, so that a late repetition may make another one.
    const kept = named.filter((jobId) => !mayBeGone(jobId));
    if (kept.length > 1) found.push({ rule: 'one key gives one job', detail: `${key}: ${named.join(', ')}` });
    for (const jobId of kept) {
      if (!books.jobs.has(jobId)) found.push({ rule: 'an accepted job is there', detail: key, jobId });
      else if (stored !== jobId) {
        found.push({ rule: 'a key leads to its job', detail: `${key} leads to ${stored ?? 'nothing'}`, jobId });
      }
    }
    if (stored !== undefined && tries.every(({ outcome }) => outcome === 'failed')) {
      const reasons = tries.map(({ reason }) => reason).join(', ');
      found.push({ rule: 'a refused submit leaves nothing', detail: `${key} (${reasons})`, jobId: stored });
    }
    return found;
  });
}

/** Each job was asked for, by its own user. */
function checkOrigins(entries: readonly Entry[], books: Books): Violation[] {
  const asked = new Set(entries.flatMap(({ key, userId }) => (key === undefined ? [] : [keyOf(userId, key)])));
  const known = new Set([...books.keys].filter(([key]) => asked.has(key)).map(([, jobId]) => jobId));
  const owner = new Map([...books.keys].map(([key, jobId]) => [jobId, key.split(' ')[0]]));
  return [...books.jobs.values()].flatMap(({ id, user_id }) =>
    known.has(id) && owner.get(id) === user_id
      ? []
      : [{ rule: 'each job was submitted, by its user', detail: `of ${user_id}, by ${owner.get(id)}`, jobId: id }],
  );
}

interface Told {
  ok: number;
  unknown: number;
}

/** Each move that a client was told of happened, and none that nobody asked for. */
function checkSteering(entries: readonly Entry[], books: Books): Violation[] {
  const byJob = Map.groupBy(
    entries.filter(({ operation, jobId }) => operation !== 'submit' && operation !== 'grant' && jobId),
    ({ jobId }) => jobId ?? '',
  );
  const jobs = new Set([...byJob.keys(), ...books.jobs.keys()]);
  return [...jobs].flatMap((jobId) => {
    const told = (...operations: string[]): Told => {
      const mine = (byJob.get(jobId) ?? []).filter(({ operation }) => operations.includes(operation));
      const count = (outcome: string) => mine.filter((entry) => entry.outcome === outcome).length;
      return { ok: count('ok'), unknown: count('unknown') };
    };
    return checkMoves(jobId, books, told).map((violation) => ({ ...violation, jobId }));
  });
}

function checkMoves(jobId: string, books: Books, told: (...operations: string[]) => Told): Omit<Violation, 'jobId'>[] {
  const job = books.jobs.get(jobId);
  const types = (books.events.get(jobId) ?? []).map(({ type }) => type);
  const removed = told('force-delete', 'delete-result');
  if (!job) {
    const log = types.join(' ');
    if (removed.ok + removed.unknown === 0) return [{ rule: 'a job goes only when it is told to', detail: log }];
    return log === 'DELETED' ? [] : [{ rule: 'of a removed job the last event is left', detail: log }];
  }
  const happened = (type: string) => types.filter((each) => each === type).length;
  const found = [
    ...compare('a job is retried as often as it is told to', happened('RETRIED'), told('retry')),
    // A cancel of what is cancelled, like a deletion of what is deleted, is answered alike and changes nothing.
    ...compare('a job is cancelled when it is told to', happened('CANCELLED'), told('cancel'), 1),
    ...compare('a job is deleted when it is told to', Number(job.deleted_at !== null), told('delete'), 1),
  ];
  return removed.ok > 0 ? [{ rule: 'a removed job is gone', detail: `it is ${job.status}` }, ...found] : found;
}

/** @param enough how often it must have happened at most, where repetitions change nothing */
function compare(
  rule: string,
  times: number,
  told: Told,
  enough = Number.POSITIVE_INFINITY,
): Omit<Violation, 'jobId'>[] {
  if (times >= Math.min(told.ok, enough) && times <= told.ok + told.unknown) return [];
  return [{ rule, detail: `${times} times; told ${told.ok} times, and ${told.unknown} times without an answer` }];
}

function checkGrants(entries: readonly Entry[], books: Books): Violation[] {
  const byUser = Map.groupBy(
    entries.filter(({ operation }) => operation === 'grant'),
    ({ userId }) => userId,
  );
  return [...books.grants].flatMap(([userId, grants]) => {
    const told = byUser.get(userId) ?? [];
    const ok = told.filter(({ outcome }) => outcome === 'ok').length;
    const unknown = told.filter(({ outcome }) => outcome === 'unknown').length;
    if (grants >= ok && grants <= ok + unknown) return [];
    return [
      { rule: 'each grant is done once', detail: `${userId}: ${grants} entries, ${ok} done, ${unknown} unknown` },
    ];
  });
}
