import type { GraphQLResolveInfo } from 'graphql';
import { sql } from 'kysely';
import { Arg, Authorized, Ctx, ID, Info, Int, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { Job as JobRow } from '../entities/job.ts';
import { scopeOf } from '../gate/authorization.ts';
import { isUuid, requireId } from '../gate/ids.ts';
import { JobConnection } from '../schema/connection.ts';
import { JobOrder } from '../schema/enums.ts';
import { JobFilter } from '../schema/filters.ts';
import { Job } from '../schema/job.ts';
import { DateTime } from '../schema/scalars.ts';
import { JobStats } from '../schema/viewer.ts';
import { conditions, leastIdAt, requireMoment } from './job-conditions.ts';
import { readableBy } from './ownership.ts';
import { type Page, readPage } from './page.ts';
import { readRow } from './rows.ts';

@Resolver()
export class JobsResolver {
  @Authorized('user', 'jobs:read', 'sync:run')
  @Query(() => Job, {
    nullable: true,
    description: 'One job. Null where there is none with this id that the viewer may see.',
  })
  async job(
    @Ctx() { em, viewer }: Context,
    @Arg('id', () => ID, { description: "The job's id." }) id: string,
  ): Promise<JobRow | null> {
    if (!isUuid(requireId(id))) return null;
    return await readRow(em, JobRow, { id, ...readableBy(viewer) });
  }

  @Authorized('user', 'jobs:read', 'sync:run')
  @Query(() => JobConnection, {
    description: "The viewer's jobs, for a service everyone's. Tombstones only on request.",
  })
  async jobs(
    @Ctx() { em, viewer }: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: 'How many from the start, 0 to 100.' })
    first: number | null,
    @Arg('after', () => String, { nullable: true, description: 'Begin behind this cursor.' }) after: string | null,
    @Arg('last', () => Int, {
      nullable: true,
      description: 'How many from the end, 0 to 100. Not together with `first`.',
    })
    last: number | null,
    @Arg('before', () => String, { nullable: true, description: 'End before this cursor.' }) before: string | null,
    @Arg('filter', () => JobFilter, { nullable: true, description: 'Which jobs to list. All conditions must hold.' })
    filter: JobFilter | null,
    @Arg('orderBy', () => JobOrder, {
      nullable: true,
      defaultValue: JobOrder.CREATED_DESC,
      description: 'The newest or the oldest first.',
    })
    orderBy: JobOrder | null,
  ): Promise<Page<JobRow>> {
    const list = {
      name: 'job',
      of: JobRow,
      where: [readableBy(viewer), ...conditions(filter)],
      newestFirst: orderBy !== JobOrder.CREATED_ASC,
    };
    return await readPage(em, list, { first, after, last, before }, info);
  }

  @Authorized('user', 'jobs:read')
  @Query(() => JobStats, { description: "Counts of the viewer's jobs, for a service of everyone's." })
  async jobStats(
    @Ctx() { em, viewer }: Context,
    @Arg('since', () => DateTime, {
      nullable: true,
      description: 'Counts jobs submitted at or after this moment only.',
    })
    since: Date | null,
  ): Promise<JobStats> {
    const scope = scopeOf(viewer);
    const isRecent = since
      ? sql`created_at >= ${requireMoment(since, ['since'])} and id >= ${leastIdAt(since)}`
      : sql`true`;
    const { rows } = await sql<JobStats>`
      select count(*)::int as "total",
        count(*) filter (where status = 'QUEUED')::int as "queued",
        count(*) filter (where status = 'PROCESSING')::int as "processing",
        count(*) filter (where status = 'COMPLETED')::int as "completed",
        count(*) filter (where status = 'FAILED')::int as "failed",
        count(*) filter (where status = 'CANCELLED')::int as "cancelled",
        count(*) filter (where status = 'COMPLETED')::float8
          / nullif(count(*) filter (where status in ('COMPLETED', 'FAILED')), 0) as "successRate",
        avg(extract(epoch from finished_at - started_at)) filter (where status = 'COMPLETED')::float8 as "averageProcessingTime"
      from analysis_jobs
      where deleted_at is null
        and ${scope === 'any owner' ? sql`true` : sql`user_id = ${scope.owner}`}
        and ${isRecent}`.execute(em.getKysely());
    return rows[0] as JobStats;
  }
}
