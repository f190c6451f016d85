import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import { DateTime } from './scalars.ts';
import { type AnyUserError, UserError } from './user-error.ts';

@ObjectType({ description: 'A row that breaks an invariant.' })
export class BrokenRow {
  @Field(() => String, { description: 'The id of a job, user, result or task, or the name of a guard.' })
  subject!: string;

  @Field(() => String, { description: 'What is wrong with it, for operators.' })
  found!: string;
}

@ObjectType({ description: 'Something that always holds of the stored rows, and whether it did.' })
export class InvariantCheck {
  @Field(() => ID, { description: 'Its name, such as `balance-is-sum`.' })
  id!: string;

  @Field(() => String, { description: 'What it says, in a sentence.' })
  sentence!: string;

  @Field(() => Boolean, {
    description: 'Whether `repairInvariants` can put it right without a guess; what it cannot needs a person.',
  })
  repairable!: boolean;

  @Field(() => Boolean, { description: 'Whether no row breaks it.' })
  holds!: boolean;

  @Field(() => Int, { description: 'How many rows break it. Counted up to 10,000, and then stays there.' })
  brokenCount!: number;

  @Field(() => [BrokenRow], { description: 'Of those a hundred at most, in no order.' })
  rows!: BrokenRow[];
}

@ObjectType({ description: 'What an examination of the database found. It is the same as that of `assay doctor`.' })
export class DoctorReport {
  @Field(() => DateTime, { description: 'When it began, by the clock of the database.' })
  checkedAt!: Date;

  @Field(() => Float, { description: 'How long it took, in seconds.' })
  seconds!: number;

  @Field(() => Boolean, { description: 'Whether all invariants hold.' })
  healthy!: boolean;

  @Field(() => [InvariantCheck], { description: 'All that was asked.' })
  invariants!: InvariantCheck[];
}

@ObjectType({ description: 'What was mended, and what is broken after it.' })
export class RepairInvariantsPayload {
  @Field(() => [String], {
    description: 'What was done, a line each. Empty where nothing could be, or nothing had to be.',
  })
  done!: string[];

  @Field(() => [ID], {
    description: 'The invariants whose repair failed. The rest was mended; the log of the API tells why.',
  })
  failed!: string[];

  @Field(() => DoctorReport, { nullable: true, description: 'What was found afterwards. Null where it was refused.' })
  report!: DoctorReport | null;

  @Field(() => [UserError], {
    description: 'Why it was refused. What could not be mended is not here: it is in the report.',
  })
  userErrors!: AnyUserError[];
}
