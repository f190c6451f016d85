import { Field, ID, InputType } from 'type-graphql';
import { JobKind, JobStatus } from '../entities/job-status.ts';
import './enums.ts';
import { DateTime } from './scalars.ts';

@InputType({ description: 'Which jobs to list. All conditions must hold; a missing or null one does not filter.' })
export class JobFilter {
  @Field(() => [JobKind], { nullable: true, description: 'Jobs of any of these kinds.' })
  kind?: JobKind[] | null;

  @Field(() => [JobStatus], { nullable: true, description: 'Jobs in any of these statuses.' })
  status?: JobStatus[] | null;

  @Field(() => String, { nullable: true, description: 'Jobs of this exact name.' })
  name?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'Jobs submitted at or after this moment.' })
  createdAfter?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Jobs submitted before this moment.' })
  createdBefore?: Date | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Whether to list tombstones of deleted jobs as well.',
  })
  includeDeleted?: boolean | null;

  @Field(() => ID, {
    nullable: true,
    description: 'Jobs of this user. For services; the list is empty for a user who asks for the jobs of another.',
  })
  userId?: string | null;
}
