import type { MikroORM } from '@mikro-orm/postgresql';
import type { Scope } from '../entities/scope.ts';
import type { SyncSource } from '../entities/sync-source.ts';
import type { WakeUp } from '../entities/wake-up.ts';
import * as attempt from './attempt.ts';
import { type Cancel, cancel, cancelMany, free } from './cancel.ts';
import { eraseUser } from './erase.ts';
import * as files from './files.ts';
import { type Grant, grant } from './ledger.ts';
import type { Moved } from './move.ts';
import { countPrunable, prune } from './prune.ts';
import { bury, deleteResult, forceDelete, type RemoveOutcome } from './remove.ts';
import { findOrphans, findStuck, lacksAnswer, removeOrphans, syncStatus } from './repair.ts';
import { type Rescue, readTime, rescue } from './rescue.ts';
import { type Retry, retry } from './retry.ts';
import { findShared, share, unshare } from './share.ts';
import { createSharedCommits } from './shared-commits.ts';
import { createSharedMoves } from './shared-moves.ts';
import * as staging from './stage.ts';
import { type Submission, type SubmitTerms, submit } from './submit.ts';
import * as sync from './sync.ts';
import { callNext } from './turns.ts';

export type { SharedView } from './share.ts';

export interface LifecycleOptions extends SubmitTerms {
  orm: MikroORM;
  /** Called after each commit that changed jobs. It must not throw and need not be reliable: readers also poll. */
  wake: (wakeUps: WakeUp[]) => void;
  /** Called after each commit that left bytes to be removed. It must not throw and need not be reliable. */
  sweep?: () => void;
}

export type Lifecycle = ReturnType<typeof createLifecycle>;

/**
 * The verbs of a job, for doors that know nothing of SQL. Every verb works in its own unit of work and sends its
 * wake-ups when the change is committed.
 */
export function createLifecycle(options: LifecycleOptions) {
  const { orm, wake, sweep = () => undefined, ...terms } = options;
  const { startingTokens, queuedPerUser } = terms;
  const sharedCommits = createSharedCommits({ orm, queuedPerUser });
  const sharedMoves = createSharedMoves({ orm });
  const em = () => orm.em.fork();
  const wakeJobs = (ids: readonly string[]) => ids.length > 0 && wake(ids.map((jobId) => ({ jobId })));
  const waking = async (moving: Promise<Moved>): Promise<Moved> => {
    const moved = await moving;
    wakeJobs([moved.job.id]);
    return moved;
  };

  const wakingRemoval = async (removing: Promise<RemoveOutcome>): Promise<RemoveOutcome> => {
    const outcome = await removing;
    if (outcome.outcome === 'DELETED' && outcome.changed) {
      wakeJobs([outcome.jobId]);
      sweep();
    }
    return outcome;
  };

  return {
    async submit(userId: string, submissions: readonly Omit<Submission, 'userId'>[]) {
      const submitted =
        (await sharedCommits.submit(userId, submissions)) ?? (await submit(em(), userId, submissions, terms));
      wakeJobs(submitted.outcomes.flatMap((row) => (row.outcome === 'SUBMITTED' && !row.replayed ? [row.job.id] : [])));
      return submitted;
    },
    async start(options: attempt.Start) {
      const started = await (options.runningPerUser ? attempt.start(em(), options) : sharedMoves.start(options));
      if (started) wakeJobs([started.job.id]);
      return started;
    },
    callNext: (userId: string) => callNext(em(), userId),
    complete(
      lease: attempt.Lease,
      testResult: unknown,
      outputs: readonly files.OutputFile[] = [],
      before?: Parameters<typeof attempt.completeAfter>[4],
    ) {
      if (before) return waking(attempt.completeAfter(em(), lease, testResult, outputs, before));
      if (outputs.length > 0) return waking(attempt.complete(em(), lease, testResult, outputs));
      return waking(sharedMoves.complete({ jobId: lease.jobId, leaseToken: lease.leaseToken, testResult }));
    },
    fail: (lease: attempt.Lease, failure: Parameters<typeof attempt.fail>[2]) =>
      waking(attempt.fail(em(), lease, failure)),
    release: (lease: attempt.Lease, options: Parameters<typeof attempt.release>[2]) =>
      waking(attempt.release(em(), lease, options)),
    async report(lease: attempt.Lease, progress: Parameters<typeof attempt.report>[2], leaseMs: number) {
      await attempt.report(em(), lease, progress, leaseMs);
      wakeJobs([lease.jobId]);
    },
    stage: (lease: attempt.Lease, rows: string) => staging.stage(em(), lease, rows),
    countStaged: (lease: attempt.Lease) => staging.countStaged(em(), lease),
    unstage: (lease: attempt.Lease) => staging.unstage(em(), lease),
    async requestSync(request: sync.SyncRequest) {
      const outcome = await sync.requestSync(em(), request);
      if (outcome.outcome === 'STARTED') wakeJobs([outcome.job, ...outcome.replaced].map(({ id }) => id));
      return outcome;
    },
    async findSync(source: SyncSource) {
      const [activeJob, lastSync, recordCount] = await Promise.all([
        sync.findActiveSync(em(), source),
        sync.findLastSync(em(), source),
        sync.countRecords(em(), source),
      ]);
      return { activeJob, lastSync, recordCount };
    },
    findLastSync: (source: SyncSource) => sync.findLastSync(em(), source),
    countSyncs: (source: SyncSource | null) => sync.countSyncs(em(), source),
    async cleanupSync(source: SyncSource | null) {
      const removed = await sync.cleanupSync(em(), source);
      wakeJobs(removed.jobIds);
      return removed.breakdown;
    },
    async cancel(options: Cancel) {
      const outcome = await cancel(em(), options);
      if (outcome.outcome === 'CANCELLED' && outcome.changed) wakeJobs([outcome.job.id]);
      return outcome;
    },
    async cancelMany(jobIds: readonly string[], options: Omit<Cancel, 'jobId'>) {
      const outcomes = await cancelMany(em(), jobIds, options);
      wakeJobs(outcomes.flatMap((one) => (one.outcome === 'CANCELLED' && one.changed ? [one.job.id] : [])));
      return outcomes;
    },
    async free(lease: attempt.Lease) {
      const isFreed = await free(em(), lease);
      if (isFreed) wakeJobs([lease.jobId]);
      return isFreed;
    },
    async retry(options: Omit<Retry, 'queuedPerUser'>) {
      const outcome = await retry(em(), { ...options, queuedPerUser });
      if (outcome.outcome === 'RETRIED') wakeJobs([outcome.job.id]);
      return outcome;
    },
    bury: (jobId: string, scope: Scope) => wakingRemoval(bury(em(), jobId, scope)),
    forceDelete: (jobId: string, scope: Scope) => wakingRemoval(forceDelete(em(), jobId, scope)),
    deleteResult: (resultId: string, scope: Scope) => wakingRemoval(deleteResult(em(), resultId, scope)),
    share: (resultId: string, scope: Scope) => share(em(), resultId, scope),
    unshare: (resultId: string, scope: Scope) => unshare(em(), resultId, scope),
    findShared: (shareId: string) => findShared(em(), shareId),
    async syncStatus(jobId: string) {
      const actions = await syncStatus(em(), jobId);
      if (actions && actions.length > 0) wakeJobs([jobId]);
      return actions;
    },
    lacksAnswer: (jobId: string) => lacksAnswer(em(), jobId),
    findStuck: (olderThanSeconds: number) => findStuck(em(), olderThanSeconds),
    findOrphans: () => findOrphans(em()),
    async removeOrphans() {
      const removed = await removeOrphans(em());
      wakeJobs(removed.jobIds);
      sweep();
      return removed;
    },
    async rescue(options: Rescue) {
      const rescued = await rescue(em(), options);
      wakeJobs([...rescued.released, ...rescued.failed, ...rescued.freed]);
      return rescued;
    },
    /** The database's time, which a rescue wants to know as the proof of a connection. */
    readTime: () => readTime(em()),
    announceUpload: (upload: files.Announcement, most: files.WaitingUploads) =>
      files.announceUpload(em(), upload, { most, startingTokens }),
    findFile: (fileId: string) => files.findFile(em(), fileId),
    reserveBytes: (names: readonly string[], keepMs: number) => files.reserveBytes(em(), names, keepMs),
    async dropBytes(names: readonly string[]) {
      await files.dropBytes(em(), names);
      sweep();
    },
    storeUpload: (fileId: string, bytes: { storedAs: string; sha256: string }) =>
      files.storeUpload(em(), fileId, bytes),
    countPrunable: (olderThanMs: number | null) => countPrunable(em(), olderThanMs),
    async prune(olderThanMs: number | null) {
      const { ids, ...pruned } = await prune(em(), olderThanMs);
      wakeJobs(ids);
      sweep();
      return pruned;
    },
    /** @param graceMs how long those who follow have to read that the jobs are deleted, before nobody's name is on that */
    eraseUser: (userId: string, graceMs: number) =>
      eraseUser(em(), userId, {
        graceMs,
        onRemoved(jobIds) {
          wakeJobs(jobIds);
          sweep();
        },
      }),
    takeDueRemovals: () => files.takeDueRemovals(em()),
    endRemovals: (names: readonly string[]) => files.endRemovals(em(), names),
    findUnknownBytes: (names: readonly string[]) => files.findUnknownBytes(em(), names),
    grant: (options: Omit<Grant, 'startingTokens'>) => grant(em(), { ...options, startingTokens }),
  };
}
