import type { MikroORM } from '@mikro-orm/postgresql';
import type { Job } from '../entities/job.ts';
import type { Metrics } from '../metrics.ts';
import { readCancelSeconds, readRefundOfDeletion, readRescues } from './aftermath.ts';
import { MoveRefused } from './errors.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { RemoveOutcome } from './remove.ts';
import type { RetryOutcome } from './retry.ts';

type Cancelled = Awaited<ReturnType<Lifecycle['cancel']>>;
/** The words by which moves are counted: those of the machine, and the two that it has no row for. */
type Counted = 'submit' | 'start' | 'complete' | 'fail' | 'release' | 'cancel' | 'retry' | 'delete' | 'erase';

interface CountedParts {
  metrics: Metrics;
  orm: MikroORM;
  /** Does something as a step that shows in a trace. */
  step?: <T>(name: string, act: () => Promise<T>) => Promise<T>;
}

const justDo = <T>(_name: string, act: () => Promise<T>): Promise<T> => act();

/**
 * The same verbs, counted: how many jobs each move changed and how long that took, what was refused and why, and what came
 * of repairs. What a verb does not answer with is read back from its rows. Nothing of a count can make a verb fail.
 */
export function countMoves(lifecycle: Lifecycle, { metrics, orm, step = justDo }: CountedParts): Lifecycle {
  const moved = (move: Counted, jobs = 1) => metrics.moves.inc({ move }, jobs);
  const refused = (move: Counted | MoveRefused['move'], reason: string) => metrics.refusedMoves.inc({ move, reason });
  const em = () => orm.em.fork();

  /** A worker's write that is no move can be refused as well. */
  async function heard<T>(acting: Promise<T>): Promise<T> {
    return await acting.catch((error: unknown) => {
      if (error instanceof MoveRefused) refused(error.move, error.status ?? 'GONE');
      throw error;
    });
  }

  async function timed<T>(move: Counted, act: () => Promise<T>): Promise<T> {
    const end = metrics.moveSeconds.startTimer({ move });
    return await heard(step(`move ${move}`, act)).finally(end);
  }

  function paidBack(tokens: number): void {
    if (tokens <= 0) return;
    metrics.refunds.inc();
    metrics.refundedTokens.inc(tokens);
  }
  const paidBackOf = ({ refunded, price }: Job) => paidBack(refunded ? price : 0);

  function countCancelled(outcome: Cancelled): void {
    if (outcome.outcome !== 'CANCELLED') refused('cancel', outcome.outcome);
    else if (outcome.changed) {
      moved('cancel');
      paidBackOf(outcome.job);
    }
  }

  function countRetried({ outcome }: RetryOutcome): void {
    if (outcome === 'RETRIED') moved('retry');
    else refused('retry', outcome);
  }

  function countRemoved(move: 'delete' | 'erase', verb: string, outcome: RemoveOutcome): void {
    if (outcome.outcome !== 'DELETED') refused(move, outcome.outcome);
    else if (outcome.changed) {
      moved(move);
      if (outcome.resultId) metrics.cascadeDeletes.inc({ verb });
    }
  }

  return {
    ...lifecycle,
    async submit(userId, submissions) {
      const submitted = await timed('submit', () => lifecycle.submit(userId, submissions));
      for (const [place, row] of submitted.outcomes.entries()) {
        const kind = submissions[place]?.kind ?? 'PROBE';
        if (row.outcome !== 'SUBMITTED') refused('submit', row.outcome);
        else if (row.replayed) metrics.submits.inc({ kind, outcome: 'replayed' });
        else {
          moved('submit');
          metrics.submits.inc({ kind, outcome: 'new' });
        }
      }
      return submitted;
    },
    async start(options) {
      const started = await timed('start', () => lifecycle.start(options));
      if (started) moved('start');
      else refused('start', 'NOT_DUE');
      return started;
    },
    async complete(...args) {
      const done = await timed('complete', () => lifecycle.complete(...args));
      moved('complete');
      return done;
    },
    async fail(lease, failure) {
      const failed = await timed('fail', () => lifecycle.fail(lease, failure));
      moved('fail');
      paidBackOf(failed.job);
      return failed;
    },
    async release(lease, options) {
      const released = await timed('release', () => lifecycle.release(lease, options));
      moved('release');
      return released;
    },
    report: (...args) => heard(lifecycle.report(...args)),
    stage: (...args) => heard(lifecycle.stage(...args)),
    async requestSync(request) {
      const outcome = await timed('submit', () => lifecycle.requestSync(request));
      if (outcome.outcome !== 'STARTED') refused('submit', outcome.outcome);
      else {
        moved('submit');
        metrics.submits.inc({ kind: 'SYNC', outcome: 'new' });
        moved('cancel', outcome.replaced.length);
      }
      return outcome;
    },
    async cleanupSync(source) {
      const breakdown = await lifecycle.cleanupSync(source);
      const jobs = Object.values(breakdown).reduce((sum, count) => sum + count, 0);
      moved('erase', jobs);
      metrics.cascadeDeletes.inc({ verb: 'cleanupSync' }, jobs);
      return breakdown;
    },
    async cancel(options) {
      const outcome = await timed('cancel', () => lifecycle.cancel(options));
      countCancelled(outcome);
      return outcome;
    },
    async cancelMany(jobIds, options) {
      const outcomes = await timed('cancel', () => lifecycle.cancelMany(jobIds, options));
      for (const outcome of outcomes) countCancelled(outcome);
      return outcomes;
    },
    async free(lease) {
      const isFreed = await lifecycle.free(lease);
      if (isFreed)
        await quietly(readCancelSeconds(em(), lease.jobId), (seconds) => metrics.cancelSeconds.observe(seconds));
      return isFreed;
    },
    async retry(options) {
      const outcome = await timed('retry', () => lifecycle.retry(options));
      countRetried(outcome);
      return outcome;
    },
    async bury(jobId, scope) {
      const outcome = await timed('delete', () => lifecycle.bury(jobId, scope));
      countRemoved('delete', 'bury', outcome);
      return outcome;
    },
    async forceDelete(jobId, scope) {
      const outcome = await timed('erase', () => lifecycle.forceDelete(jobId, scope));
      countRemoved('erase', 'forceDelete', outcome);
      if (outcome.outcome === 'DELETED') await quietly(readRefundOfDeletion(em(), jobId), paidBack);
      return outcome;
    },
    async deleteResult(resultId, scope) {
      const outcome = await timed('erase', () => lifecycle.deleteResult(resultId, scope));
      countRemoved('erase', 'deleteResult', outcome);
      return outcome;
    },
    async syncStatus(jobId) {
      const actions = await lifecycle.syncStatus(jobId).catch((error: unknown) => {
        metrics.syncFailures.inc({ reason: 'ERROR' });
        throw error;
      });
      if (!actions) metrics.syncFailures.inc({ reason: 'NOT_FOUND' });
      for (const action of actions ?? []) metrics.syncActions.inc({ action });
      return actions;
    },
    async lacksAnswer(jobId) {
      const isLost = await lifecycle.lacksAnswer(jobId);
      if (isLost) metrics.syncFailures.inc({ reason: 'ANSWER_LOST' });
      return isLost;
    },
    async removeOrphans() {
      const removed = await lifecycle.removeOrphans();
      metrics.orphans.inc({ what: 'job' }, removed.jobIds.length);
      metrics.orphans.inc({ what: 'result' }, removed.resultIds.length);
      metrics.orphans.inc({ what: 'file' }, removed.fileIds.length);
      return removed;
    },
    async prune(olderThanMs) {
      const pruned = await lifecycle.prune(olderThanMs);
      moved('erase', pruned.jobs);
      metrics.cascadeDeletes.inc({ verb: 'prune' }, pruned.jobs);
      return pruned;
    },
    async rescue(options) {
      const rescued = await lifecycle.rescue(options);
      for (const [outcome, { length }] of Object.entries(rescued)) metrics.rescuedJobs.inc({ outcome }, length);
      const { released, failed } = rescued;
      moved('release', released.length);
      moved('fail', failed.length);
      await quietly(readRescues(em(), [...released, ...failed]), (rescues) => {
        for (const { silentSeconds, refund } of rescues) {
          if (silentSeconds !== null) metrics.timeToRescue.observe(silentSeconds);
          paidBack(refund);
        }
      });
      return rescued;
    },
  };
}

/** What was done is done: that it cannot be read back costs a count, and nothing else. */
async function quietly<T>(reading: Promise<T | null>, tell: (found: T) => void): Promise<void> {
  const found = await reading.catch(() => null);
  if (found !== null) tell(found);
}
