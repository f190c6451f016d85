import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { type AnyUserError, UserError } from './user-error.ts';

const USER_ERRORS = 'Why it was not done. Empty exactly when it was.';

@InputType({ description: 'Which job to mend.' })
export class SyncStatusInput {
  @Field(() => ID, { description: "The job's id." })
  jobId!: string;
}

@ObjectType({ description: 'What had to be mended of one job.' })
export class SyncStatusPayload {
  @Field(() => ID, { nullable: true, description: 'The job that was looked at. Null where there is none.' })
  jobId!: string | null;

  @Field(() => [String], {
    description:
      'What was done, such as `requeued_lost_task`, `issued_missing_refund`, `cleared_orphaned_result_id` or ' +
      '`synced_result_status_processing_to_completed`. Empty for a healthy job.',
  })
  syncActions!: string[];

  @Field(() => Boolean, { description: 'Whether the job was found and looked at.' })
  success!: boolean;

  @Field(() => String, { description: 'The same in a sentence for people.' })
  message!: string;

  @Field(() => [UserError], { description: USER_ERRORS })
  userErrors!: AnyUserError[];
}

@InputType({ description: 'Whether to really remove what is found.' })
export class CleanupOrphanedInput {
  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Whether to only tell what would be removed.',
  })
  dryRun?: boolean | null;
}

@ObjectType({
  description: 'Jobs without a result, and results and files without a job: what was removed, or would be.',
})
export class CleanupOrphanedPayload {
  @Field(() => Boolean, { description: 'Whether everything that was found is gone, or, on a dry run, was listed.' })
  success!: boolean;

  @Field(() => Boolean, { description: 'Whether nothing was removed, because only the answer was asked for.' })
  dryRun!: boolean;

  @Field(() => Int, { description: 'How many jobs, results and files it is in all.' })
  deletedCount!: number;

  @Field(() => [ID], { description: 'Jobs whose result was missing. An active one was cancelled and refunded first.' })
  deletedJobIds!: string[];

  @Field(() => [ID], { description: 'Results whose job was missing.' })
  deletedResultIds!: string[];

  @Field(() => Int, {
    description:
      'How many files belonged to no job: rows, and bytes in the storage that no row knows of. At most 1,000 of each at once.',
  })
  deletedFileCount!: number;

  @Field(() => String, { description: 'The same in a sentence for people.' })
  message!: string;

  @Field(() => [UserError], { description: USER_ERRORS })
  userErrors!: AnyUserError[];
}

@ObjectType({ description: 'What a look for stuck and lost jobs found, and did.' })
export class RescuePayload {
  @Field(() => [ID], { description: 'Jobs of lost workers that went back to the queue.' })
  released!: string[];

  @Field(() => [ID], {
    description: 'Jobs that ran over their limit, or were lost on their last attempt: FAILED, refunded.',
  })
  failed!: string[];

  @Field(() => [ID], { description: 'Waiting jobs that had lost their place in the queue and have it again.' })
  requeued!: string[];

  @Field(() => [ID], {
    description:
      'Jobs that are lost and were left: somebody holds their rows, or this API has not been connected to the database for a lease and may not judge yet. Ask again.',
  })
  notFixed!: string[];

  @Field(() => [UserError], { description: USER_ERRORS })
  userErrors!: AnyUserError[];
}
