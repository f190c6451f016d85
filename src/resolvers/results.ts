import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Authorized, Ctx, FieldResolver, ID, Info, Int, Query, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import type { Job as JobRow } from '../entities/job.ts';
import { JobStatus } from '../entities/job-status.ts';
import { Result as ResultRow } from '../entities/result.ts';
import { apiError } from '../gate/errors.ts';
import { isUuid, requireId } from '../gate/ids.ts';
import { AssessmentReport } from '../schema/assessment-report.ts';
import { ResultConnection } from '../schema/connection.ts';
import { ArchiveStatus } from '../schema/enums.ts';
import { Job } from '../schema/job.ts';
import { Result } from '../schema/result.ts';
import { readableBy } from './ownership.ts';
import { type Page, readPage } from './page.ts';
import { readRow } from './rows.ts';

/** The three words that clients of older archives know. */
const ARCHIVE_STATUS: Record<JobStatus, ArchiveStatus> = {
  [JobStatus.QUEUED]: ArchiveStatus.PROCESSING,
  [JobStatus.PROCESSING]: ArchiveStatus.PROCESSING,
  [JobStatus.COMPLETED]: ArchiveStatus.COMPLETED,
  [JobStatus.FAILED]: ArchiveStatus.FAILED,
  [JobStatus.CANCELLED]: ArchiveStatus.FAILED,
};

@Resolver(() => Result)
export class ResultsResolver {
  @Authorized('user', 'jobs:read', 'sync:run')
  @Query(() => Result, {
    nullable: true,
    description: 'One result. Null where there is none with this id that the viewer may see.',
  })
  async result(
    @Ctx() { em, viewer }: Context,
    @Arg('id', () => ID, { description: "The result's id." }) id: string,
  ): Promise<ResultRow | null> {
    if (!isUuid(requireId(id))) return null;
    return await readRow(em, ResultRow, { id, ...readableBy(viewer) });
  }

  @Authorized('user', 'jobs:read', 'sync:run')
  @Query(() => ResultConnection, { description: "The viewer's results, newest first; for a service everyone's." })
  async results(
    @Ctx() { em, viewer }: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: 'How many, 0 to 100.' })
    first: number | null,
    @Arg('after', () => String, { nullable: true, description: 'Begin behind this cursor.' }) after: string | null,
  ): Promise<Page<ResultRow>> {
    const list = { name: 'result', of: ResultRow, where: [readableBy(viewer)], newestFirst: true };
    return await readPage(em, list, { first, after }, info);
  }

  @FieldResolver(() => Job, { description: 'The job that made it.' })
  async job(@Root() result: ResultRow, @Ctx() { load }: Context): Promise<JobRow> {
    const job = await load.job.load(result.jobId);
    // Deleted since the result was read, and the result with it.
    if (!job) throw apiError('NOT_FOUND');
    return job;
  }

  @FieldResolver(() => ArchiveStatus, { description: 'The status in the three words of older archive clients.' })
  archiveStatus(@Root() result: ResultRow): ArchiveStatus {
    return ARCHIVE_STATUS[result.status];
  }

  @FieldResolver(() => AssessmentReport, {
    nullable: true,
    description: 'The answer of an ASSESSMENT, field by field: the same content as `testResult`. Null until COMPLETED.',
  })
  async assessment(@Root() result: ResultRow, @Ctx() { load }: Context): Promise<unknown> {
    if (!result.testResult) return null;
    const job = await load.job.load(result.jobId);
    return job?.kind === 'ASSESSMENT' ? result.testResult : null;
  }
}
