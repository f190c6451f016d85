import { Field, InputType, Int } from 'type-graphql';
import { ProbeBehaviour } from './enums.ts';

@InputType({ description: 'A job that misbehaves on demand. Only where probes are switched on.' })
export class SubmitProbeInput {
  @Field(() => ProbeBehaviour, { description: 'What it does.' })
  behaviour!: ProbeBehaviour;

  @Field(() => Int, {
    nullable: true,
    defaultValue: 0,
    description: 'How long SLEEP waits, and PROGRESS between two reports. 0 to 3,600,000 milliseconds.',
  })
  milliseconds?: number | null;

  @Field(() => Int, {
    nullable: true,
    defaultValue: 1,
    description: 'How many reports PROGRESS makes, and how many attempts of FLAKY fail. 1 to 10,000.',
  })
  times?: number | null;

  @Field(() => Int, {
    nullable: true,
    defaultValue: 0,
    description: 'How many bytes BIG_RESULT returns, up to 4,194,304; more than 1 MiB fails the job.',
  })
  bytes?: number | null;

  @Field(() => String, {
    nullable: true,
    description:
      'A key of 1 to 255 characters that makes it safe to send the same submit again. Unique within the user.',
  })
  idempotencyKey?: string | null;
}
