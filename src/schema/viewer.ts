import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import { ViewerKind } from './enums.ts';

@ObjectType({ description: 'Who is asking, as the token of the request tells.' })
export class Viewer {
  @Field(() => ViewerKind, { description: 'A user or a service.' })
  kind!: ViewerKind;

  @Field(() => ID, { description: 'The UUID of the user, or `service:` and the name of the service.' })
  id!: string;

  @Field(() => [String], { description: 'What a service may do, such as `jobs:read`. Empty for a user.' })
  scopes!: string[];

  @Field(() => String, {
    nullable: true,
    description:
      "The user's tier, which decides how early the jobs start. It is `standard` where the token names none that is configured, and null for a service.",
  })
  tier?: string | null;
}

@ObjectType({ description: 'Counts of the jobs that the viewer can see, deleted ones left out.' })
export class JobStats {
  @Field(() => Int, { description: 'All of them: the sum of the five counts below.' })
  total!: number;

  @Field(() => Int, { description: 'Waiting for a worker.' })
  queued!: number;

  @Field(() => Int, { description: 'Being worked on now.' })
  processing!: number;

  @Field(() => Int, { description: 'Done, with a result.' })
  completed!: number;

  @Field(() => Int, { description: 'Ended with a failure.' })
  failed!: number;

  @Field(() => Int, { description: 'Stopped before they were done.' })
  cancelled!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Completed jobs as a share of completed and failed ones, 0 to 1. Null where there are neither.',
  })
  successRate?: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'Seconds that completed jobs took on average, from the start of their last attempt. Null where none has completed.',
  })
  averageProcessingTime?: number | null;
}
