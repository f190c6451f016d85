import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { AssessmentReport } from './assessment-report.ts';
import { GraphQLStrictJson } from './json.ts';
import { Result } from './result.ts';
import { DateTime } from './scalars.ts';
import { type AnyUserError, UserError } from './user-error.ts';

@InputType({ description: 'Which result to share.' })
export class ShareResultInput {
  @Field(() => ID, { description: "The result's id, not its job's." })
  id!: string;
}

@InputType({ description: 'Which result to share no more.' })
export class UnshareResultInput {
  @Field(() => ID, { description: "The result's id, not its job's." })
  id!: string;
}

@ObjectType({ description: 'The outcome of sharing a result, or of ending that.' })
export class ResultPayload {
  @Field(() => Result, { nullable: true, description: 'The result as it is now. Null where it was refused.' })
  result!: Result | null;

  @Field(() => [UserError], { description: 'Why it was not done. Empty exactly when it was.' })
  userErrors!: AnyUserError[];
}

@ObjectType({
  description:
    'What everyone may read who has the link of a shared result: its answer, and neither what was submitted nor whose it is. ' +
    'A report quotes the scores that it is drawn from.',
})
export class SharedResult {
  @Field(() => String, { description: 'The name of the assessment; for other kinds the title of the job.' })
  assessmentName!: string;

  @Field(() => GraphQLStrictJson, { description: 'The answer.' })
  testResult!: unknown;

  @Field(() => AssessmentReport, {
    nullable: true,
    description: 'The answer of an ASSESSMENT, field by field. Null for other kinds.',
  })
  assessment?: unknown;

  @Field(() => DateTime, { description: 'When the job was submitted.' })
  createdAt!: Date;
}
