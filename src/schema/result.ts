import { Field, ID, ObjectType } from 'type-graphql';
import { JobStatus } from '../entities/job-status.ts';
import './enums.ts';
import { GraphQLStrictJson } from './json.ts';
import { Node } from './node.ts';
import { DateTime } from './scalars.ts';

@ObjectType({
  implements: Node,
  description: "A job's stored input and, once it is COMPLETED, its answer. Created with its job and deleted with it.",
})
export class Result extends Node {
  @Field(() => JobStatus, { description: 'Always the status of its job.' })
  status!: JobStatus;

  @Field(() => String, { description: 'The name of the assessment; for other kinds the title of the job.' })
  assessmentName!: string;

  @Field(() => GraphQLStrictJson, {
    description: 'The input as it was submitted, without raw answers and idempotency key.',
  })
  testData!: unknown;

  @Field(() => GraphQLStrictJson, {
    nullable: true,
    description:
      'The answer. Null until COMPLETED, and again after a retry. For an ASSESSMENT the same content is typed in `assessment`.',
  })
  testResult?: unknown;

  @Field(() => GraphQLStrictJson, {
    nullable: true,
    description:
      'The answers to single questions, as they were submitted: a list for each instrument. Null where none were sent.',
  })
  rawResponses?: unknown;

  @Field(() => ID, {
    nullable: true,
    description: 'The chatbot that was opened on this result. Null where there is none.',
  })
  chatbotId?: string | null;

  @Field(() => Boolean, {
    description: 'Whether a share link to a reduced view is open. Everyone who has the link can read that view.',
  })
  isPublic!: boolean;

  @Field(() => DateTime, { description: 'When the job was submitted.' })
  createdAt!: Date;

  @Field(() => DateTime, { description: 'When its status or content last changed.' })
  updatedAt!: Date;
}
