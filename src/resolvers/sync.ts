import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Authorized, Ctx, Info, Int, Mutation, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { JobKind } from '../entities/job-status.ts';
import { SyncRecord as SyncRecordRow } from '../entities/sync-record.ts';
import { SyncSource } from '../entities/sync-source.ts';
import { badInput } from '../gate/errors.ts';
import { viewerId } from '../gate/viewer.ts';
import type { SyncOutcome as Outcome, SyncBreakdown } from '../lifecycle/sync.ts';
import { SyncRecordConnection } from '../schema/connection.ts';
import {
  CleanupSyncInput,
  CleanupSyncPayload,
  RequestSyncInput,
  RequestSyncPayload,
  SyncStatus,
} from '../schema/sync.ts';
import { type Page, readPage } from './page.ts';
import { userError } from './user-errors.ts';

const LONGEST_SEARCH = 200;
const LONGEST_ID = 200;

/** For services: copies of other systems' lists, and the jobs that make them. */
@Resolver()
export class SyncResolver {
  @Authorized('jobs:read', 'sync:run')
  @Query(() => SyncStatus, { description: 'Where a source stands: its active sync, its last one, and its records.' })
  async syncStatusOf(
    @Ctx() { lifecycle, terms }: Context,
    @Arg('source', () => SyncSource, { description: 'Which source.' }) source: SyncSource,
  ): Promise<SyncStatus> {
    return { source, configured: terms.isConfigured(source), ...(await lifecycle.findSync(source)) };
  }

  @Authorized('jobs:read', 'sync:run')
  @Query(() => SyncRecordConnection, { description: 'The records of a source, in the order of their ids.' })
  async syncRecords(
    @Ctx() { em }: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('source', () => SyncSource, { description: 'Which source.' }) source: SyncSource,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: 'How many, 0 to 100.' })
    first: number | null,
    @Arg('after', () => String, { nullable: true, description: 'Begin behind this cursor.' }) after: string | null,
    @Arg('search', () => String, {
      nullable: true,
      description:
        'Only records that have this text in their id or in one of their values, in any case. At most 200 characters.',
    })
    search: string | null,
  ): Promise<Page<SyncRecordRow>> {
    const where = [{ source }, ...(search ? [{ words: { $like: `%${escaped(requireSearch(search))}%` } }] : [])];
    const list = { name: `sync ${source}`, of: SyncRecordRow, where, newestFirst: false, isKey };
    return await readPage(em, list, { first, after }, info);
  }

  @Authorized('sync:run')
  @Mutation(() => RequestSyncPayload, {
    description:
      'Begins a sync of a source, unless one is active or was completed; with `force` in any case. However many ask at ' +
      'once, one sync begins, and all are answered with it.',
  })
  async requestSync(
    @Ctx() { viewer, lifecycle, terms, origin }: Context,
    @Arg('input', () => RequestSyncInput, { description: 'Which source, and whether in any case.' })
    input: RequestSyncInput,
  ): Promise<RequestSyncPayload> {
    const { source } = input;
    const forced = input.force === true;
    if (!terms.isConfigured(source)) {
      const message = `No address is configured for ${source}`;
      const error = userError('SOURCE_NOT_CONFIGURED', message, ['input', 'source']);
      return { outcome: null, job: null, lastSync: null, forced, message, userErrors: [error] };
    }
    const outcome = await lifecycle.requestSync({
      source,
      force: forced,
      requestedBy: viewerId(viewer),
      maxAttempts: terms.policyOf(JobKind.SYNC).maxAttempts,
      origin,
    });
    const lastSync = await lifecycle.findLastSync(source);
    const message = messageOf(source, outcome);
    return { outcome: outcome.outcome, job: outcome.job, lastSync, forced, message, userErrors: [] };
  }

  @Authorized('sync:run')
  @Mutation(() => CleanupSyncPayload, {
    description:
      'Removes the jobs of a source for good, in any status; one that is active is cancelled first. The records stay.',
  })
  async cleanupSync(
    @Ctx() { lifecycle }: Context,
    @Arg('input', () => CleanupSyncInput, { description: 'Whose jobs, and whether to really do it.' })
    input: CleanupSyncInput,
  ): Promise<CleanupSyncPayload> {
    const source = input.source ?? null;
    const isDry = input.dryRun === true;
    const found = await (isDry ? lifecycle.countSyncs(source) : lifecycle.cleanupSync(source));
    const breakdown = breakdownOf(found);
    const cleaned = Object.values(breakdown).reduce((sum, count) => sum + count, 0);
    const whose = source ?? 'all sources';
    return {
      cleaned,
      breakdown,
      message: `${isDry ? 'Would remove' : 'Removed'} ${cleaned} jobs of ${whose}`,
      userErrors: [],
    };
  }
}

function messageOf(source: SyncSource, outcome: Outcome): string {
  switch (outcome.outcome) {
    case 'STARTED':
      return outcome.replaced.length > 0
        ? `A new sync of ${source} was started, and the active one cancelled`
        : `A sync of ${source} was started`;
    case 'ALREADY_RUNNING':
      return `A sync of ${source} is under way`;
    case 'ALREADY_COMPLETED':
      return `${source} was synced before; force begins anew`;
  }
}

const breakdownOf = ({ PROCESSING, QUEUED, COMPLETED, FAILED, CANCELLED }: SyncBreakdown) => ({
  active: PROCESSING,
  waiting: QUEUED,
  completed: COMPLETED,
  failed: FAILED + CANCELLED,
});

/** In a pattern of LIKE these three mean something; of whoever searches they are letters like all others. */
const escaped = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

/**
 * As the words of a record are kept.
 * @throws BAD_USER_INPUT for a text that no record could have
 */
function requireSearch(search: string): string {
  if (search.length > LONGEST_SEARCH || search.includes('\0') || !search.isWellFormed()) {
    throw badInput({
      path: ['search'],
      rule: `must be Unicode of at most ${LONGEST_SEARCH} characters, without U+0000`,
    });
  }
  return search.toLowerCase();
}

/** Whatever a source may call its rows. */
const isKey = (id: string): boolean => id !== '' && id.length <= LONGEST_ID && !id.includes('\0') && id.isWellFormed();
