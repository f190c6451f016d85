import 'reflect-metadata';
import { Field, ID, InterfaceType } from 'type-graphql';

/** Only jobs have a kind, so it tells a row of a job from a row of a result. */
const typeOf = (row: object): 'Job' | 'Result' => ('kind' in row ? 'Job' : 'Result');

@InterfaceType({ description: 'Anything with an id that `node(id:)` can look up.', resolveType: typeOf })
export abstract class Node {
  @Field(() => ID, { description: 'A UUID, unique over all types. It never changes and is never used again.' })
  id!: string;
}
