import { createUnionType, Field, ObjectType } from 'type-graphql';
import { PositionReason } from '../entities/job-status.ts';
import './enums.ts';
import { JobEvent } from './job-event.ts';
import { Cursor } from './scalars.ts';

@ObjectType({
  description:
    'Where a subscription to many jobs begins, or begins anew because events are missing before it. On each one: keep the position, read your lists again, then apply what follows.',
})
export class FeedPosition {
  @Field(() => Cursor, { description: 'The position to resume from, until an event brings a later one.' })
  position!: string;

  @Field(() => PositionReason, { description: 'Why it is told.' })
  reason!: PositionReason;
}

/** A message of `myEvents` and `allEvents`. */
export const FeedEvent = createUnionType({
  name: 'FeedEvent',
  description: 'A message of the feeds of many jobs: what happened to one of them, or where the reader stands.',
  types: () => [JobEvent, FeedPosition] as const,
  resolveType: (message) => ('position' in message ? FeedPosition : JobEvent),
});
