import { Arg, Authorized, Ctx, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { Job as JobRow } from '../entities/job.ts';
import { ACTIVE, JobStatus } from '../entities/job-status.ts';
import { scopeOf } from '../gate/authorization.ts';
import { isUuid, requireId } from '../gate/ids.ts';
import type { CancelOutcome } from '../lifecycle/cancel.ts';
import type { JobFilter } from '../schema/filters.ts';
import { BulkJobsInput, BulkJobsPayload, type BulkRow } from '../schema/steering.ts';
import type { SimpleError } from '../schema/user-error.ts';
import { conditions } from './job-conditions.ts';
import { ownedBy } from './ownership.ts';
import { readRows } from './rows.ts';
import { cancelledBy, cancelPayload } from './steering.ts';
import { invalid, notFound } from './user-errors.ts';

const MAX_IDS = 100;
const MAX_MATCHES = 1_000;

@Resolver()
export class BulkResolver {
  @Authorized('user', 'jobs:manage')
  @Mutation(() => BulkJobsPayload, {
    description: "Cancels many jobs, each by itself: the viewer's own, for a service everyone's.",
  })
  async cancelJobs(
    @Ctx() context: Context,
    @Arg('input', () => BulkJobsInput, { description: 'Which jobs.' }) input: BulkJobsInput,
  ): Promise<BulkJobsPayload> {
    const dryRun = input.dryRun === true;
    const fault = faultOf(input);
    if (fault) return { dryRun, matched: 0, changed: 0, rows: [], userErrors: [fault] };
    const targets = input.ids ? named(input.ids) : await matching(context, input.filter ?? null);
    const rows = await (dryRun ? look(context, targets) : cancelAll(context, targets));
    return {
      dryRun,
      matched: rows.filter(({ userErrors }) => userErrors.length === 0).length,
      changed: rows.filter(({ changed }) => changed).length,
      rows,
      userErrors: [],
    };
  }
}

/** A job to act on, and where the input names it. */
interface Target {
  id: string;
  field: string[] | null;
}

type Row = BulkRow & { changed: boolean };

function faultOf({ ids, filter }: BulkJobsInput): SimpleError | null {
  if (Boolean(ids) === Boolean(filter)) return invalid(['input'], 'must have exactly one of ids and filter');
  if (ids && (ids.length < 1 || ids.length > MAX_IDS)) {
    return invalid(['input', 'ids'], `must have from 1 to ${MAX_IDS} ids`);
  }
  return null;
}

/**
 * Each different id once, where it comes first.
 * @throws BAD_USER_INPUT where one is too long, before anything is done
 */
function named(ids: string[]): Target[] {
  const targets = new Map<string, Target>();
  for (const [index, id] of ids.entries()) {
    const key = requireId(id, ['input', 'ids', index]).toLowerCase();
    if (!targets.has(key)) targets.set(key, { id, field: ['input', 'ids', String(index)] });
  }
  return [...targets.values()];
}

async function matching({ em, viewer }: Context, filter: JobFilter | null): Promise<Target[]> {
  const active = { status: { $in: [...ACTIVE] } };
  const jobs = await em.find(
    JobRow,
    { $and: [ownedBy(viewer), active, ...conditions(filter, ['input', 'filter'])] },
    { fields: ['id'], orderBy: { id: 'ASC' }, limit: MAX_MATCHES, disableIdentityMap: true },
  );
  return jobs.map(({ id }) => ({ id, field: null }));
}

async function cancelAll(context: Context, targets: Target[]): Promise<Row[]> {
  const { lifecycle, viewer } = context;
  const ids = targets.map(({ id }) => id.toLowerCase()).filter(isUuid);
  const outcomes = await lifecycle.cancelMany(ids, { scope: scopeOf(viewer), message: cancelledBy(viewer) });
  const byId = new Map(ids.map((id, index) => [id, outcomes[index]]));
  const rows = targets.map((target) => rowOf(target, byId.get(target.id.toLowerCase()) ?? NOTHING, context));
  return await Promise.all(rows);
}

/** What a cancel would answer, in one read. */
async function look(context: Context, targets: Target[]): Promise<Row[]> {
  const { em, viewer } = context;
  const ids = targets.map(({ id }) => id.toLowerCase()).filter(isUuid);
  const where = { id: { $in: ids }, deletedAt: null, ...ownedBy(viewer) };
  const jobs = await readRows(em, JobRow, { where });
  const found = new Map(jobs.map((job) => [job.id, job]));
  const rows = targets.map((target) => rowOf(target, foreseen(found.get(target.id.toLowerCase())), context));
  return await Promise.all(rows);
}

function foreseen(job: JobRow | undefined): CancelOutcome {
  if (!job) return NOTHING;
  if (job.status === JobStatus.COMPLETED || job.status === JobStatus.FAILED) return { outcome: 'JOB_FINISHED', job };
  return { outcome: 'CANCELLED', job, tokenBalance: null, changed: false };
}

const NOTHING = { outcome: 'NOT_FOUND' } as const;

async function rowOf({ id, field }: Target, outcome: CancelOutcome, context: Context): Promise<Row> {
  if (outcome.outcome === 'NOT_FOUND') return { id, job: null, userErrors: [notFound(field)], changed: false };
  const { job, userErrors } = await cancelPayload(outcome, context);
  return { id, job, userErrors, changed: outcome.outcome === 'CANCELLED' && outcome.changed };
}
