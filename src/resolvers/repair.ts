import { Arg, Authorized, Ctx, Int, Mutation, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import type { Job as JobRow } from '../entities/job.ts';
import { badInput } from '../gate/errors.ts';
import { isUuid, requireId } from '../gate/ids.ts';
import { Job } from '../schema/job.ts';
import {
  CleanupOrphanedInput,
  CleanupOrphanedPayload,
  RescuePayload,
  SyncStatusInput,
  SyncStatusPayload,
} from '../schema/repair.ts';
import { notFound } from './user-errors.ts';

/** For services: find what came apart, and mend it. A healthy installation answers with nothing done. */
@Resolver()
export class RepairResolver {
  @Authorized('jobs:read')
  @Query(() => [Job], { description: 'Running jobs without a sign of life, the most silent first, 100 at most.' })
  async stuckJobs(
    @Ctx() { lifecycle, terms }: Context,
    @Arg('olderThanSeconds', () => Int, {
      nullable: true,
      description: 'How long the silence must have lasted. By default a lease, after which a worker counts as dead.',
    })
    olderThanSeconds: number | null,
  ): Promise<JobRow[]> {
    const seconds = olderThanSeconds ?? terms.leaseMs / 1_000;
    if (seconds < 0) throw badInput({ path: ['olderThanSeconds'], rule: 'must be at least 0' });
    return await lifecycle.findStuck(seconds);
  }

  @Authorized('jobs:repair')
  @Mutation(() => SyncStatusPayload, { description: 'Mends one job that a restore or a change by hand has bent.' })
  async syncStatus(
    @Ctx() { lifecycle }: Context,
    @Arg('input', () => SyncStatusInput, { description: 'Which job.' }) input: SyncStatusInput,
  ): Promise<SyncStatusPayload> {
    const path = ['input', 'jobId'];
    const jobId = requireId(input.jobId, path).toLowerCase();
    const syncActions = isUuid(jobId) ? await lifecycle.syncStatus(jobId) : null;
    if (!syncActions) {
      const message = 'There is no such job';
      return { jobId: null, syncActions: [], success: false, message, userErrors: [notFound(path)] };
    }
    const isWhole = !(await lifecycle.lacksAnswer(jobId));
    const mended = syncActions.length === 0 ? 'There was nothing to mend' : `Mended: ${syncActions.join(', ')}`;
    const message = isWhole ? mended : 'The job is COMPLETED and its answer is gone: nobody can mend that';
    return { jobId, syncActions, success: isWhole, message, userErrors: [] };
  }

  @Authorized('jobs:repair')
  @Mutation(() => CleanupOrphanedPayload, {
    description:
      'Removes live jobs whose result is missing, and results and files whose job is missing; never a job that merely failed.',
  })
  async cleanupOrphaned(
    @Ctx() { lifecycle, files }: Context,
    @Arg('input', () => CleanupOrphanedInput, { description: 'Whether to really do it.' }) input: CleanupOrphanedInput,
  ): Promise<CleanupOrphanedPayload> {
    const dryRun = input.dryRun === true;
    const { jobIds, resultIds, fileIds } = await (dryRun ? lifecycle.findOrphans() : lifecycle.removeOrphans());
    const stray = await (dryRun ? files.findStray().then(({ length }) => length) : files.removeStray());
    const deletedFileCount = fileIds.length + stray;
    const deletedCount = jobIds.length + resultIds.length + deletedFileCount;
    const verb = dryRun ? 'Would remove' : 'Removed';
    return {
      success: true,
      dryRun,
      deletedCount,
      deletedJobIds: jobIds,
      deletedResultIds: resultIds,
      deletedFileCount,
      message: `${verb} ${jobIds.length} jobs, ${resultIds.length} results and ${deletedFileCount} files`,
      userErrors: [],
    };
  }

  @Authorized('jobs:repair')
  @Mutation(() => RescuePayload, {
    description: 'Looks at once for jobs of lost workers, as every worker does by itself every two seconds.',
  })
  async rescueStuckJobs(@Ctx() { lifecycle, terms, connectionWatch }: Context): Promise<RescuePayload> {
    const seenAt = await connectionWatch.look();
    const { released, failed, requeued, notFixed } = await lifecycle.rescue({ ...terms, seenAt });
    return { released, failed, requeued, notFixed, userErrors: [] };
  }
}
