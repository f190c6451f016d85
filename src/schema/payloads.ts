import { Field, ID, Int, ObjectType } from 'type-graphql';
import { Job } from './job.ts';
import { LedgerEntry } from './ledger.ts';
import { type AnyUserError, UserError } from './user-error.ts';

const USER_ERRORS = 'Why it was not done. Empty exactly when it was.';

@ObjectType({ description: 'The outcome of submitting one job.' })
export class SubmitPayload {
  @Field(() => Job, {
    nullable: true,
    description: 'The job, QUEUED; on a replay as it is now. Null where it was refused.',
  })
  job?: Job | null;

  @Field(() => Boolean, {
    description:
      'True where the idempotency key was used before with the same input: `job` is that earlier job and nothing was charged again.',
  })
  replayed!: boolean;

  @Field(() => Int, {
    nullable: true,
    description:
      "The user's token balance after this. Null where the mutation was refused before the balance was read.",
  })
  tokenBalance?: number | null;

  @Field(() => [UserError], { description: USER_ERRORS })
  userErrors!: AnyUserError[];
}

@ObjectType({
  description: 'The outcome of submitting many jobs, row by row. One refused row does not stop the others.',
})
export class SubmitManyPayload {
  @Field(() => [SubmitPayload], {
    description: 'One outcome for each row of the input, in the order of the input. Empty where the whole was refused.',
  })
  rows!: SubmitPayload[];

  @Field(() => Int, { description: 'How many rows have a job now, replayed ones included.' })
  submitted!: number;

  @Field(() => Int, {
    nullable: true,
    description: "The user's token balance after the last row. Null where the whole was refused.",
  })
  tokenBalance?: number | null;

  @Field(() => [UserError], { description: 'Why the whole was refused. Empty where each row has its own outcome.' })
  userErrors!: AnyUserError[];
}

@ObjectType({ description: 'The outcome of a grant of tokens.' })
export class GrantTokensPayload {
  @Field(() => ID, { nullable: true, description: 'The user whose balance changed. Null where it was refused.' })
  userId?: string | null;

  @Field(() => Int, { nullable: true, description: "The user's token balance after this. Null where it was refused." })
  tokenBalance?: number | null;

  @Field(() => LedgerEntry, {
    nullable: true,
    description:
      'The entry that was written: a GRANT, or an ADJUST for an amount below zero. Null where it was refused.',
  })
  entry?: LedgerEntry | null;

  @Field(() => [UserError], { description: USER_ERRORS })
  userErrors!: AnyUserError[];
}
