import type { FilterQuery } from '@mikro-orm/postgresql';
import type { Job } from '../entities/job.ts';
import { badInput } from '../gate/errors.ts';
import { isUuid, requireId } from '../gate/ids.ts';
import type { JobFilter } from '../schema/filters.ts';

/**
 * What a filter asks of the rows. Each condition is picked by name: nothing of a client's object reaches the query as it
 * is.
 * @param path where the filter stands in the operation
 * @throws BAD_USER_INPUT for a value that no row could have and the database would not even compare
 */
export function conditions(filter: JobFilter | null, path: string[] = ['filter']): FilterQuery<Job>[] {
  const { kind, status, name, createdAfter, createdBefore, includeDeleted, userId } = filter ?? {};
  return [
    ...(includeDeleted ? [] : [{ deletedAt: null }]),
    ...(kind ? [{ kind: { $in: kind } }] : []),
    ...(status ? [{ status: { $in: status } }] : []),
    ...(typeof name === 'string' ? [{ name: { $eq: requireText(name, [...path, 'name']) } }] : []),
    ...(createdAfter ? [since(requireMoment(createdAfter, [...path, 'createdAfter']))] : []),
    ...(createdBefore ? [before(requireMoment(createdBefore, [...path, 'createdBefore']))] : []),
    ...(typeof userId === 'string' ? [ofUser(requireId(userId, [...path, 'userId']))] : []),
  ];
}

const since = (moment: Date): FilterQuery<Job> => ({ createdAt: { $gte: moment }, id: { $gte: leastIdAt(moment) } });
const before = (moment: Date): FilterQuery<Job> => ({ createdAt: { $lt: moment }, id: { $lt: leastIdAt(moment) } });

/**
 * The least id that a job of a moment can have. An id is a UUIDv7: it begins with the milliseconds at which its job was
 * created. So the index that a list is in leads to a moment, and nothing is read on the way there.
 */
export function leastIdAt(moment: Date): string {
  const milliseconds = Math.max(0, moment.getTime()).toString(16).padStart(12, '0');
  return `${milliseconds.slice(0, 8)}-${milliseconds.slice(8)}-7000-8000-000000000000`;
}

/** A malformed id is the id of nobody. */
const ofUser = (userId: string): FilterQuery<Job> => (isUuid(userId) ? { userId } : { id: { $in: [] } });

function requireText(text: string, path: string[]): string {
  if (text.includes('\0')) throw badInput({ path, rule: 'must not contain U+0000' });
  return text;
}

/**
 * The scalar takes the year 0, which PostgreSQL does not know, and with an offset to UTC the year 10000.
 * @throws BAD_USER_INPUT for a moment outside the years 1 to 9999
 */
export function requireMoment(moment: Date, path: string[]): Date {
  const year = moment.getUTCFullYear();
  if (year < 1 || year > 9_999) throw badInput({ path, rule: 'must be in the years 1 to 9999' });
  return moment;
}
