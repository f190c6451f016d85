import { describe, expect, it } from 'vitest';
import {
  ACTIVE,
  EventType,
  FailureCode,
  FINISHED,
  JobKind,
  JobStatus,
  LedgerEntryType,
} from '../../src/entities/job-status.ts';
import { SyncSource } from '../../src/entities/sync-source.ts';
import { MOVES } from '../../src/lifecycle/machine.ts';
import { useDatabase } from '../support/database.ts';
import { insertCopy, makeJob } from '../support/factory.ts';

const database = useDatabase({ bent: 'every word of the vocabulary is written into one row after the other' });

const CHECK_VIOLATION = '23514';
const FOREIGN_KEY_VIOLATION = '23503';

/** The words that a CHECK names, in the order of the alphabet. `after` is the keyword before each of them. */
async function readWords(constraint: string, after = ''): Promise<string[]> {
  const { rows } = await database().pool.query<{ definition: string }>(
    `select pg_get_constraintdef(oid) as definition from pg_constraint where conname = $1`,
    [constraint],
  );
  const words = [...rows[0]!.definition.matchAll(new RegExp(`${after}'([A-Z_]+)'`, 'g'))].map(([, word]) => word);
  return [...new Set(words as string[])].sort();
}

/** Whether the CHECKs let a copy of the row with other columns pass; a job's copy then fails for want of a result. */
async function takes(table: string, where: string, changes: Record<string, string>): Promise<boolean> {
  try {
    await insertCopy(database().pool, table, where, changes);
    return true;
  } catch (error) {
    const { code } = error as { code?: string };
    expect([CHECK_VIOLATION, FOREIGN_KEY_VIOLATION]).toContain(code);
    return code === FOREIGN_KEY_VIOLATION;
  }
}

describe('a vocabulary of the code', () => {
  it.each([
    ['jobs_status_known', JobStatus, ''],
    ['jobs_kind_known', JobKind, ''],
    ['jobs_failure_code_known', FailureCode, ''],
    ['events_type_fits_status', EventType, 'WHEN '],
    ['ledger_entry_fits_amount', LedgerEntryType, 'WHEN '],
    ['jobs_source_fits_kind', { ...SyncSource, SYNC: 'SYNC' }, ''],
  ])('is word for word that of %s', async (constraint, words, after) => {
    expect(await readWords(constraint, after)).toEqual(Object.values(words).sort());
  });

  it('sorts every status into active or finished', () => {
    expect([...ACTIVE, ...FINISHED].sort()).toEqual(Object.values(JobStatus).sort());
  });

  it('spells each word as its key', () => {
    for (const words of [JobStatus, JobKind, FailureCode, EventType, LedgerEntryType]) {
      expect(Object.keys(words)).toEqual(Object.values(words));
    }
  });
});

describe('the database', () => {
  it.each(Object.values(JobStatus))('takes a job that is %s', async (status) => {
    await expect(makeJob(database().pool, { status })).resolves.toHaveProperty('jobId');
  });

  it.each(Object.values(JobKind))('takes a job of the kind %s', async (kind) => {
    await expect(makeJob(database().pool, { status: 'QUEUED', kind })).resolves.toHaveProperty('jobId');
  });

  it.each(Object.values(FailureCode))('takes the failure %s on one status only', async (failure) => {
    const changes = { id: 'assay_uuid()', failure_code: `'${failure}'` };
    const failed = await makeJob(database().pool, { status: 'FAILED' });
    const cancelled = await makeJob(database().pool, { status: 'CANCELLED' });
    const taken = {
      FAILED: await takes('analysis_jobs', `id = '${failed.jobId}'`, changes),
      CANCELLED: await takes('analysis_jobs', `id = '${cancelled.jobId}'`, changes),
    };
    expect(taken).toEqual({ FAILED: failure !== 'CANCELLED', CANCELLED: failure === 'CANCELLED' });
  });

  it('takes each type of event with the status that its move leads to, and with no other', async () => {
    const { jobId } = await makeJob(database().pool, { status: 'QUEUED' });
    const taken: Record<string, JobStatus[]> = {};
    let seq = 1;
    for (const type of Object.values(EventType)) {
      taken[type] = [];
      for (const status of Object.values(JobStatus)) {
        seq += 1;
        const changes = { seq: `${seq}`, type: `'${type}'`, status: `'${status}'` };
        if (await takes('job_events', `job_id = '${jobId}' and seq = 1`, changes)) taken[type].push(status);
      }
    }
    for (const move of Object.values(MOVES)) expect(taken[move.event]).toEqual([move.to]);
    expect(taken).toEqual({
      QUEUED: ['QUEUED'],
      STARTED: ['PROCESSING'],
      RELEASED: ['QUEUED'],
      COMPLETED: ['COMPLETED'],
      FAILED: ['FAILED'],
      STUCK: ['FAILED'],
      CANCELLED: ['CANCELLED'],
      RETRIED: ['QUEUED'],
      DELETED: ['CANCELLED'],
    });
  });
});
