import { Arg, Ctx, FieldResolver, Float, Int, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import type { Job as JobRow } from '../entities/job.ts';
import { JobStatus } from '../entities/job-status.ts';
import type { Result as ResultRow } from '../entities/result.ts';
import { frameOfEvent, type JobFrame, processingSeconds } from '../feed/frame.ts';
import { badInput } from '../gate/errors.ts';
import { JobEventConnection } from '../schema/connection.ts';
import { JobAction } from '../schema/enums.ts';
import { JobFile } from '../schema/file.ts';
import { Job, JobFailure, QueueInfo } from '../schema/job.ts';
import { Result } from '../schema/result.ts';
import { readAllowedActions } from './allowed-actions.ts';
import type { QueuePlace } from './loaders.ts';
import { COUNTED, pageSize } from './page.ts';

/** What GraphQL shows of a job beyond the columns of its row. */
@Resolver(() => Job)
export class JobResolver {
  @FieldResolver(() => Int, { description: 'Tokens charged for the present round.' })
  tokenCost(@Root() job: JobRow): number {
    return job.price;
  }

  @FieldResolver(() => JobFailure, {
    nullable: true,
    description: 'Why it did not complete. On FAILED and CANCELLED jobs only.',
  })
  failure(@Root() { failureCode, failureMessage }: JobRow): JobFailure | null {
    return failureCode && failureMessage ? { code: failureCode, message: failureMessage } : null;
  }

  @FieldResolver(() => QueueInfo, { nullable: true, description: 'Its place among the waiting. Null unless QUEUED.' })
  async queue(@Root() job: JobRow, @Ctx() { load }: Context): Promise<QueuePlace | null> {
    return job.status === JobStatus.QUEUED ? await load.queuePlace.load(job.id) : null;
  }

  @FieldResolver(() => Float, {
    nullable: true,
    description:
      'Seconds from the start of the last attempt to the end. Null before the end, and where nothing was started.',
  })
  processingTime(@Root() job: JobRow): number | null {
    return processingSeconds(job);
  }

  @FieldResolver(() => [JobAction], {
    description: 'What the viewer may do with it as it stands. Empty for a service without the scope `jobs:manage`.',
  })
  async allowedActions(@Root() job: JobRow, @Ctx() context: Context): Promise<readonly JobAction[]> {
    return await readAllowedActions(job, context);
  }

  @FieldResolver(() => [JobFile], {
    description:
      'What was uploaded for it, and what it made, each with a link to download it. Empty once it is deleted.',
  })
  async files(@Root() job: JobRow, @Ctx() { load, files }: Context): Promise<JobFile[]> {
    const rows = await load.files.load(job.id);
    return rows.map(({ id, name, size, contentType, role }) => ({
      ...{ name, size, contentType, role },
      ...files.makeLink('GET', id),
    }));
  }

  @FieldResolver(() => Result, { nullable: true, description: 'Its input and answer. Null once it is deleted.' })
  async result(@Root() job: JobRow, @Ctx() { load }: Context): Promise<ResultRow | null> {
    return job.resultId ? await load.result.load(job.resultId) : null;
  }

  @FieldResolver(() => JobEventConnection, {
    description: 'Its log, oldest first. Cursors are the `seq` of the events as text.',
  })
  async events(
    @Root() job: JobRow,
    @Ctx() { load }: Context,
    @Arg('first', () => Int, { nullable: true, defaultValue: 50, description: 'How many, 0 to 100.' })
    first: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The `seq` behind which to begin, as text.' })
    after: string | null,
  ) {
    const size = pageSize('first', first ?? 50);
    const position = typeof after === 'string' ? readSeq(after) : 0;
    const rows = await load.events.load({ jobId: job.id, after: position, limit: size + 1 });
    const edges = rows.slice(0, size).map((row) => ({ cursor: String(row.seq), node: frameOfEvent(row) }));
    return {
      edges,
      nodes: edges.map(({ node }): JobFrame => node),
      pageInfo: {
        hasNextPage: rows.length > size,
        hasPreviousPage: position > 0,
        startCursor: edges[0]?.cursor ?? null,
        endCursor: edges.at(-1)?.cursor ?? null,
      },
      totalCount: job.seq > COUNTED ? null : job.seq,
    };
  }
}

function readSeq(cursor: string): number {
  if (!/^\d{1,9}$/.test(cursor)) throw badInput({ path: ['after'], rule: 'is not a cursor of this list' });
  return Number(cursor);
}
