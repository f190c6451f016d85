import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { SyncSource } from '../entities/sync-source.ts';
import { Job } from './job.ts';
import { GraphQLStrictJson } from './json.ts';
import { DateTime } from './scalars.ts';
import { SyncOutcome } from './sync-enums.ts';
import { type AnyUserError, UserError } from './user-error.ts';

const USER_ERRORS = 'Why it was not done. Empty exactly when it was.';

@InputType({ description: 'Which source to copy.' })
export class RequestSyncInput {
  @Field(() => SyncSource, { description: 'The source to copy.' })
  source!: SyncSource;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Whether to begin anew in any case: an active sync of this source is cancelled, its job stays.',
  })
  force?: boolean | null;
}

@InputType({ description: 'Whose jobs to remove.' })
export class CleanupSyncInput {
  @Field(() => SyncSource, { nullable: true, description: 'The source. By default all of them.' })
  source?: SyncSource | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Whether to only tell what would be removed.',
  })
  dryRun?: boolean | null;
}

@ObjectType({ description: 'The newest completed sync of a source that was not deleted.' })
export class LastSync {
  @Field(() => Job, { description: 'The job that did it.' })
  job!: Job;

  @Field(() => DateTime, { description: 'When it completed.' })
  finishedAt!: Date;

  @Field(() => Int, { description: 'Whole minutes since then.' })
  minutesAgo!: number;

  @Field(() => Int, { description: 'How many records it left. Rows that came twice count once.' })
  total!: number;
}

@ObjectType({ description: 'The answer to a request for a sync.' })
export class RequestSyncPayload {
  @Field(() => SyncOutcome, { nullable: true, description: 'What became of the request. Null where it was refused.' })
  outcome!: SyncOutcome | null;

  @Field(() => Job, {
    nullable: true,
    description: 'The new job, the active one, or the completed one, as the outcome says. Null where it was refused.',
  })
  job!: Job | null;

  @Field(() => LastSync, {
    nullable: true,
    description: 'The newest completed sync of this source. Null where there is none.',
  })
  lastSync!: LastSync | null;

  @Field(() => Boolean, { description: 'Whether a new sync was asked for in any case.' })
  forced!: boolean;

  @Field(() => String, { description: 'The outcome in a sentence for people.' })
  message!: string;

  @Field(() => [UserError], { description: USER_ERRORS })
  userErrors!: AnyUserError[];
}

@ObjectType({ description: 'Where a source stands.' })
export class SyncStatus {
  @Field(() => SyncSource, { description: 'The source that was asked about.' })
  source!: SyncSource;

  @Field(() => Boolean, { description: 'Whether this installation knows an address of the source.' })
  configured!: boolean;

  @Field(() => Job, { nullable: true, description: 'The sync that waits or runs. Null where there is none.' })
  activeJob!: Job | null;

  @Field(() => LastSync, { nullable: true, description: 'The newest completed sync. Null where there is none.' })
  lastSync!: LastSync | null;

  @Field(() => Int, { description: 'How many records there are of the source, exactly.' })
  recordCount!: number;
}

@ObjectType({ description: 'One row of a source, as the last completed sync found it.' })
export class SyncRecord {
  @Field(() => ID, { description: "The source's own id of the row. Unique within its source." })
  id!: string;

  @Field(() => SyncSource, { description: 'Where it was copied from.' })
  source!: SyncSource;

  @Field(() => GraphQLStrictJson, { description: 'The whole row as the source gave it.' })
  data!: unknown;

  @Field(() => DateTime, { description: 'When the sync that copied it completed.' })
  syncedAt!: Date;
}

@ObjectType({ description: 'Jobs by the status in which they were removed, or would be.' })
export class CleanupBreakdown {
  @Field(() => Int, { description: 'Jobs that were PROCESSING.' })
  active!: number;

  @Field(() => Int, { description: 'Jobs that were QUEUED.' })
  waiting!: number;

  @Field(() => Int, { description: 'Jobs that were COMPLETED.' })
  completed!: number;

  @Field(() => Int, { description: 'Jobs that were FAILED or CANCELLED.' })
  failed!: number;
}

@ObjectType({ description: 'What a cleanup removed, or would remove. The records of the sources stay.' })
export class CleanupSyncPayload {
  @Field(() => Int, { description: 'How many jobs in all.' })
  cleaned!: number;

  @Field(() => CleanupBreakdown, { description: 'How they stood.' })
  breakdown!: CleanupBreakdown;

  @Field(() => String, { description: 'The same in a sentence for people.' })
  message!: string;

  @Field(() => [UserError], { description: USER_ERRORS })
  userErrors!: AnyUserError[];
}
