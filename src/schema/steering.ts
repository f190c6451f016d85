import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { JobFilter } from './filters.ts';
import { Job } from './job.ts';
import { type AnyUserError, UserError } from './user-error.ts';

const USER_ERRORS = 'Why it was not done. Empty exactly when it was.';

@InputType({ description: 'Which job to cancel.' })
export class CancelJobInput {
  @Field(() => ID, { description: "The job's id." })
  id!: string;
}

@InputType({ description: 'Which job to run again.' })
export class RetryJobInput {
  @Field(() => ID, { description: "The job's id." })
  id!: string;
}

@InputType({ description: 'Which job to delete, and how thoroughly.' })
export class DeleteJobInput {
  @Field(() => ID, { description: "The job's id." })
  id!: string;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Whether to remove the row as well, in any status. Otherwise a finished job leaves a tombstone.',
  })
  force?: boolean | null;
}

@InputType({ description: 'Which result to delete.' })
export class DeleteResultInput {
  @Field(() => ID, { description: "The result's id, not its job's." })
  id!: string;
}

@ObjectType({ description: 'The outcome of cancelling or retrying one job.' })
export class JobPayload {
  @Field(() => Job, { nullable: true, description: 'The job as it is now. Null where it was refused.' })
  job!: Job | null;

  @Field(() => Int, {
    nullable: true,
    description: "The owner's token balance after this. Null where it was refused.",
  })
  tokenBalance!: number | null;

  @Field(() => [UserError], { description: USER_ERRORS })
  userErrors!: AnyUserError[];
}

@ObjectType({ description: 'The outcome of a deletion.' })
export class DeletePayload {
  @Field(() => ID, { nullable: true, description: 'The job that is gone. Null where it was refused.' })
  deletedJobId!: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The result that went with it. Null where it was refused, and where a tombstone was removed.',
  })
  deletedResultId!: string | null;

  @Field(() => [UserError], { description: USER_ERRORS })
  userErrors!: AnyUserError[];
}

@InputType({ description: 'Which jobs to act on: exactly one of `ids` and `filter`.' })
export class BulkJobsInput {
  @Field(() => [ID], { nullable: true, description: 'The ids of 1 to 100 jobs.' })
  ids?: string[] | null;

  @Field(() => JobFilter, {
    nullable: true,
    description: 'Jobs that match, of the active ones. It acts on the first 1,000, oldest first.',
  })
  filter?: JobFilter | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Whether to only tell what would be done.',
  })
  dryRun?: boolean | null;
}

@ObjectType({ description: 'The outcome for one of many jobs.' })
export class BulkRow {
  @Field(() => ID, { description: 'The id as it was given, or that of a job that matched.' })
  id!: string;

  @Field(() => Job, { nullable: true, description: 'The job as it is now. Null where it was refused.' })
  job!: Job | null;

  @Field(() => [UserError], { description: USER_ERRORS })
  userErrors!: AnyUserError[];
}

@ObjectType({
  description: 'The outcome of an act on many jobs, row by row. One refused row does not stop the others.',
})
export class BulkJobsPayload {
  @Field(() => Boolean, { description: 'Whether nothing was done, because only the answer was asked for.' })
  dryRun!: boolean;

  @Field(() => Int, {
    description: 'How many of these jobs it can be done to, those included to which it was done before.',
  })
  matched!: number;

  @Field(() => Int, { description: 'How many of them were changed by this. 0 on a dry run.' })
  changed!: number;

  @Field(() => [BulkRow], {
    description:
      'One outcome for each different id, in the order of the input, or for each job that matched, oldest first.',
  })
  rows!: BulkRow[];

  @Field(() => [UserError], { description: 'Why the whole was refused. Empty where each row has its own outcome.' })
  userErrors!: AnyUserError[];
}
