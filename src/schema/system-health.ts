import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import { DateTime } from './scalars.ts';

@ObjectType({ description: 'A worker process that has not said goodbye, and what it works on.' })
export class WorkerInfo {
  @Field(() => ID, { description: 'A UUID that the process makes when it starts.' })
  id!: string;

  @Field(() => String, { description: 'The name of its machine.' })
  host!: string;

  @Field(() => DateTime, { description: 'When it first gave a sign of life.' })
  startedAt!: Date;

  @Field(() => DateTime, { description: 'Its last sign of life.' })
  heartbeatAt!: Date;

  @Field(() => Float, { description: 'Seconds since its last sign of life, by the clock of the database.' })
  silentSeconds!: number;

  @Field(() => Boolean, {
    description:
      'Whether it has been silent for a lease. Any other worker then takes up its jobs and forgets it, within seconds: ' +
      'who stays lost for longer has nobody left to do so.',
  })
  lost!: boolean;

  @Field(() => Int, { description: 'How many jobs it runs at once.' })
  concurrency!: number;

  @Field(() => [ID], { description: 'The jobs that are PROCESSING under its lease.' })
  running!: string[];
}

@ObjectType({ description: 'How many rounds ended within one minute.' })
export class FinishedMinute {
  @Field(() => DateTime, { description: 'When the minute began.' })
  minute!: Date;

  @Field(() => Int, { description: 'Rounds that ended COMPLETED.' })
  completed!: number;

  @Field(() => Int, { description: 'Rounds that ended FAILED, over the run limit too.' })
  failed!: number;

  @Field(() => Int, { description: 'Rounds that ended CANCELLED.' })
  cancelled!: number;
}

@ObjectType({ description: 'How long it took, after jobs were cancelled, until their threads were free.' })
export class CancelLatency {
  @Field(() => Int, { description: 'How many cancels the other two are of.' })
  count!: number;

  @Field(() => Float, { nullable: true, description: 'Seconds in which half of them were done. Null without any.' })
  p50!: number | null;

  @Field(() => Float, { nullable: true, description: 'Seconds in which 95 of 100 were done. Null without any.' })
  p95!: number | null;
}

@ObjectType({ description: 'How long jobs of lost workers waited until they were taken up.' })
export class RescueLatency {
  @Field(() => Int, { description: 'How many rescues the other two are of.' })
  count!: number;

  @Field(() => Float, {
    nullable: true,
    description: "Seconds from the worker's last sign of life in which half of them were done. Null without any.",
  })
  p50!: number | null;

  @Field(() => Float, { nullable: true, description: 'Likewise, in which 95 of 100 were done. Null without any.' })
  p95!: number | null;
}

/** Each field is a read of its own, and is made only where it is asked for. */
@ObjectType({ description: 'The state of an installation at this moment, by the clock of its database.' })
export class SystemHealth {
  @Field(() => Int, {
    description:
      'Jobs that are QUEUED, those too that wait for a backoff. Counted up to 100,000, and then stays there.',
  })
  queueDepth!: number;

  @Field(() => Float, {
    description:
      'For how many seconds the job that waits longest could have begun. 0 where none could: one that waits for a backoff ' +
      'counts from its end.',
  })
  oldestQueuedSeconds!: number;

  @Field(() => Int, { description: 'Jobs that are PROCESSING, whoever runs them.' })
  processing!: number;

  @Field(() => [WorkerInfo], {
    description: 'Workers that run, and lost ones that none has forgotten yet: the oldest first, 1,000 at most.',
  })
  workers!: WorkerInfo[];

  @Field(() => Int, {
    description:
      'PROCESSING jobs whose lease ran out more than a lease ago, so that a rescue should have taken them up. 0 while one ' +
      'worker lives and reaches the database, unless somebody holds their rows.',
  })
  stuckFoundNotFixed!: number;

  @Field(() => Float, {
    description:
      "How full the database server's queue of notifications is, 0 to 1. It fills while a session that listens stays in a " +
      'transaction; full, it lets nobody submit or cancel.',
  })
  notifyQueueUsage!: number;

  @Field(() => [FinishedMinute], {
    description:
      'The last sixty minutes, the present one last. Read from the newest 100,000 events: where they do not go back so far, ' +
      'the minutes that they do not cover are missing. Rounds of jobs that are gone for good are not counted.',
  })
  finishedByMinute!: FinishedMinute[];

  @Field(() => CancelLatency, {
    description:
      'Of jobs that were cancelled within the last hour while a thread worked on them, and whose thread is free. Read from ' +
      'the newest 100,000 events; retried jobs and those that are gone for good are not counted.',
  })
  cancelLatency!: CancelLatency;

  @Field(() => RescueLatency, {
    description:
      'Of jobs that were RELEASED or FAILED within the last hour because their worker fell silent. Read from the newest ' +
      '100,000 events; rescues of jobs that are gone for good are not counted.',
  })
  rescueLatency!: RescueLatency;
}
