import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import { FrameType, JobKind, JobStatus } from '../entities/job-status.ts';
import './enums.ts';
import { JobProgress } from './job.ts';
import { Cursor, DateTime } from './scalars.ts';

@ObjectType({ description: 'What a notification about a job says beside its status, as it was at that moment.' })
export class JobEventMetadata {
  @Field(() => String, { description: 'The title of the job.' })
  assessmentName!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Why the job failed, was cancelled or went back to the queue. Null where there is no reason to tell.',
  })
  errorMessage?: string | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds from the start of the last attempt to the end. Null before the end.',
  })
  processingTime?: number | null;
}

@ObjectType({
  description:
    'Something that happened to a job. All fields but `job` are as they were at that moment, so an event can be applied without reading anything else.',
})
export class JobEvent {
  @Field(() => Int, {
    description:
      "The event's number within its job: 1, 2, 3 … without a gap. On SNAPSHOT, PROGRESSED and RESYNC that of the job's latest event.",
  })
  seq!: number;

  @Field(() => Cursor, {
    nullable: true,
    description:
      'The position after this event, to resume `myEvents` or `allEvents` from. Null on PROGRESSED and on messages of `jobEvents`.',
  })
  cursor?: string | null;

  @Field(() => FrameType, { description: 'What happened.' })
  type!: FrameType;

  @Field(() => String, {
    description:
      'The same as a dotted name, for clients that route notifications by it: `analysis.` and the type in lower case, for every kind of job.',
  })
  eventType!: string;

  @Field(() => ID, { description: 'The job it happened to. The job may be gone by now.' })
  jobId!: string;

  @Field(() => ID, { description: 'The owner of the job.' })
  userId!: string;

  @Field(() => ID, { nullable: true, description: 'The result of the job. Null where it was deleted.' })
  resultId?: string | null;

  @Field(() => JobKind, { description: 'The kind of the job.' })
  kind!: JobKind;

  @Field(() => JobStatus, { description: 'The status that the event led to.' })
  status!: JobStatus;

  @Field(() => Int, { description: 'The round it happened in: 1 at submit, one more with each retry.' })
  round!: number;

  @Field(() => Int, { description: 'The attempt it happened in: 0 before the first start of the round.' })
  attempt!: number;

  @Field(() => JobProgress, { description: 'How far the job was. On CANCELLED the last value before the cancel.' })
  progress!: JobProgress;

  @Field(() => Int, {
    nullable: true,
    description: "The owner's new token balance, on events that charged or refunded. Null where it did not change.",
  })
  tokenBalance?: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'How long the worker had been silent when another one took the job up, in seconds; the event is RELEASED, or FAILED ' +
      'after the last attempt. Null on all others.',
  })
  rescuedAfterSeconds?: number | null;

  @Field(() => JobEventMetadata, { description: 'Title, reason and duration, ready to show in a notification.' })
  metadata!: JobEventMetadata;

  @Field(() => DateTime, {
    description: 'When it happened; on SNAPSHOT, PROGRESSED and RESYNC when the message was made.',
  })
  at!: Date;
}
