import { type ClassType, Field, Int, ObjectType } from 'type-graphql';
import { Job } from './job.ts';
import { JobEvent } from './job-event.ts';
import { LedgerEntry } from './ledger.ts';
import { Result } from './result.ts';
import { SyncRecord } from './sync.ts';

@ObjectType({ description: 'Where a page stands in its list.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether more follow. Ask for them with `after: endCursor`.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, {
    description: 'Whether more come before. Ask for them with `before: startCursor` where the list takes it.',
  })
  hasPreviousPage!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'The cursor of the first entry of this page. Null on an empty page.',
  })
  startCursor?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The cursor of the last entry of this page. Null on an empty page.',
  })
  endCursor?: string | null;
}

/** One entry of a page. `Entry` is the row that the resolvers return. */
export interface Edge<Entry> {
  cursor: string;
  node: Entry;
}

/** One page of a list, after the Relay cursor connections specification. `Entry` is the row that the resolvers return. */
export interface Connection<Entry> {
  edges: Edge<Entry>[];
  nodes: Entry[];
  pageInfo: PageInfo;
  totalCount: number | null;
}

/** Makes the type `<name>Connection`, and `<name>Edge` with it, over `node`; a description calls its nodes `entries`. */
function connectionOf<Entry extends object>(node: ClassType<Entry>, name: string, entries: string) {
  @ObjectType(`${name}Edge`, { description: `One of a page of ${entries}, with its position in the list.` })
  class ListEdge implements Edge<Entry> {
    @Field(() => String, { description: 'The position in this list. Opaque: pass it back as `after` or `before`.' })
    cursor!: string;

    @Field(() => node, { description: 'The entry at this position.' })
    node!: Entry;
  }

  @ObjectType(`${name}Connection`, { description: `One page of ${entries}.` })
  class ListConnection implements Connection<Entry> {
    @Field(() => [ListEdge], {
      description: 'The entries of this page in the order of the list, each with its cursor.',
    })
    edges!: Edge<Entry>[];

    @Field(() => [node], { description: 'The same entries without cursors, for clients that only page forward.' })
    nodes!: Entry[];

    @Field(() => PageInfo, { description: 'Where this page stands in the list.' })
    pageInfo!: PageInfo;

    @Field(() => Int, {
      nullable: true,
      description: 'How many entries the whole list has. Exact up to 1,000; null where there are more.',
    })
    totalCount!: number | null;
  }

  return ListConnection;
}

export const JobConnection = connectionOf(Job, 'Job', 'jobs');
export const ResultConnection = connectionOf(Result, 'Result', 'results');
export const JobEventConnection = connectionOf(JobEvent, 'JobEvent', 'events of a job');
export const LedgerConnection = connectionOf(LedgerEntry, 'Ledger', 'changes of the token balance');
export const SyncRecordConnection = connectionOf(SyncRecord, 'SyncRecord', 'records of a source');
