import { Field, ID, Int, ObjectType } from 'type-graphql';
import { FailureCode, JobKind, JobStatus } from '../entities/job-status.ts';
import './enums.ts';
import { Node } from './node.ts';
import { DateTime } from './scalars.ts';

@ObjectType({
  description: 'How far a job is. Only `percent` is always there; the rest is for the kind of job to fill.',
})
export class JobProgress {
  @Field(() => Int, { description: '0 to 100. 100 once COMPLETED, 0 once CANCELLED and after a retry.' })
  percent!: number;

  @Field(() => String, { nullable: true, description: 'A short name of the present step, such as `scoring`.' })
  stage?: string | null;

  @Field(() => String, { nullable: true, description: 'One sentence for people on what is being done.' })
  message?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Where the work stands in its source, such as the next row to read.',
  })
  offset?: number | null;

  @Field(() => Int, { nullable: true, description: 'How many items are done.' })
  current?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'How many items are expected in all. An estimate: it may change, and `current` may pass it.',
  })
  expected?: number | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'When the worker first said this: its last progress. Null where it has said nothing, and once the job has completed.',
  })
  reportedAt?: string | null;
}

@ObjectType({ description: 'Why a job did not complete.' })
export class JobFailure {
  @Field(() => FailureCode, { description: 'The reason as a stable code to branch on.' })
  code!: FailureCode;

  @Field(() => String, { description: 'The reason in words that can be shown to the user.' })
  message!: string;
}

@ObjectType({ description: 'Where a waiting job stands in the queue.' })
export class QueueInfo {
  @Field(() => Int, {
    description: '1 is the next to start. Counted up to 1,000: a job further back says 1,000 as well.',
  })
  position!: number;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'About when it will start, judged by how fast the queue moved lately. Null without enough to judge by.',
  })
  estimatedStartAt?: Date | null;
}

@ObjectType({
  implements: Node,
  description:
    'A unit of work that a user submitted. It is read here, followed with `jobEvents`, and changed only by mutations and workers.',
})
export class Job extends Node {
  @Field(() => ID, { description: 'The user it belongs to. The nil UUID for jobs of the system, such as SYNC.' })
  userId!: string;

  @Field(() => JobKind, { description: 'What sort of work it does. Never changes.' })
  kind!: JobKind;

  @Field(() => String, {
    description: 'A title to show: the assessment name of an ASSESSMENT, otherwise what was submitted or synced.',
  })
  name!: string;

  @Field(() => JobStatus, { description: "Where it stands now. Its result's status is always the same." })
  status!: JobStatus;

  @Field(() => Int, {
    description:
      'The number of its latest event, counted 1, 2, 3 … Pass it as `after` to `jobEvents` to go on from here.',
  })
  seq!: number;

  @Field(() => JobProgress, {
    description:
      'The latest word from the worker. While PROCESSING it moves without a new event; `jobEvents` pushes it as PROGRESSED.',
  })
  progress!: JobProgress;

  @Field(() => Int, { description: '1 at submit, one more with each retry. One round is one charge.' })
  round!: number;

  @Field(() => Int, {
    description:
      'How many times a worker has begun it in this round. 0 before the first start, and again after a retry.',
  })
  attempt!: number;

  @Field(() => String, { description: 'Who asked for it: `user`, or `service:` and the name of the service.' })
  requestedBy!: string;

  @Field(() => Int, { description: 'How many attempts one round may take before the job fails.' })
  maxAttempts!: number;

  @Field(() => Int, {
    description:
      "Smaller starts first, then older. The number of the user's tier plus the jobs of that user that were active at submit or retry.",
  })
  priority!: number;

  @Field(() => Boolean, {
    description:
      'Whether the charge of the present round was given back. True once FAILED or CANCELLED, if anything was charged.',
  })
  refunded!: boolean;

  @Field(() => DateTime, { description: 'When it was submitted.' })
  createdAt!: Date;

  @Field(() => DateTime, { description: 'When its status last changed. Progress and heartbeats do not move it.' })
  updatedAt!: Date;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When the latest attempt began. Null before the first one, and again after a retry.',
  })
  startedAt?: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When it turned COMPLETED, FAILED or CANCELLED. Null while active.',
  })
  finishedAt?: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'The last sign of life from its worker, about every 2 seconds while PROCESSING. Null before the first start, and again after a retry.',
  })
  heartbeatAt?: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'When the thread of the last attempt was really free, which may be a moment after a cancel. Null while one holds it.',
  })
  workerFreeAt?: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When it was deleted. Not null on tombstones only, whose content is erased.',
  })
  deletedAt?: Date | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The id of its result, which exists from submit on. Null once the job is deleted.',
  })
  resultId?: string | null;
}
