import { type EntityManager, type EntityName, type FilterQuery, type QBFilterQuery, raw } from '@mikro-orm/postgresql';
import type { GraphQLResolveInfo } from 'graphql';
import { badInput } from '../gate/errors.ts';
import { isUuid } from '../gate/ids.ts';
import type { Connection } from '../schema/connection.ts';
import { readRows } from './rows.ts';

interface PageArgs {
  first?: number | null;
  after?: string | null;
  last?: number | null;
  before?: string | null;
}

interface Row {
  id: string;
}

/** Rows in the order of their ids, which of our own is the order in which they were made. */
interface List<Entry extends Row> {
  /** Its name in its cursors, so that those of another list are told apart. */
  name: string;
  of: EntityName<Entry>;
  where: FilterQuery<Entry>[];
  newestFirst: boolean;
  /** Whether a text can be the id of a row; by default whether it is a UUID. */
  isKey?: (id: string) => boolean;
}

/** A connection whose total is counted only when it is asked for. */
export type Page<Entry> = Omit<Connection<Entry>, 'totalCount'> & { readonly totalCount: Promise<number | null> };

const DEFAULT_PAGE = 20;
const MAX_PAGE = 100;
const LONGEST_CURSOR = 1_400;

/** Rows are counted up to here; a longer list has no total. */
export const COUNTED = 1_000;

/**
 * Reads a page of a list by position and not by offset: rows that come or go elsewhere in the list move nothing here.
 * @param info tells which arguments the client gave itself
 * @throws BAD_USER_INPUT for a size outside 0 to 100, `first` and `last` together, or a cursor that is not of this list
 */
export async function readPage<Entry extends Row>(
  em: EntityManager,
  list: List<Entry>,
  args: PageArgs,
  info: GraphQLResolveInfo,
): Promise<Page<Entry>> {
  const request = pageRequest(list, args, info);
  const of = list.of as EntityName<Row>;
  const where = list.where as FilterQuery<Row>[];
  const rows = await readRows(em, of, {
    where: { $and: [...where, ...bounds(request, list.newestFirst)] },
    orderBy: { id: list.newestFirst === request.isBackward ? 'ASC' : 'DESC' },
    // One row more than is shown tells whether there are more.
    limit: request.size + 1,
  });
  return pageOf(list.name, request, rows as Entry[], () => countUp(em, of, where));
}

/** In the database: to make objects of a thousand rows takes longer than all the rest of a page. */
async function countUp(em: EntityManager, of: EntityName<Row>, where: FilterQuery<Row>[]): Promise<number> {
  const rows = em
    .createQueryBuilder(of, 'row')
    .select('id')
    .where({ $and: where } as QBFilterQuery<Row>)
    .limit(COUNTED + 1);
  const { total } = await em
    .createQueryBuilder(rows, 'rows')
    .select(raw('count(id)::int as total'))
    .execute<{ total: number }>('get');
  return total;
}

/** @throws BAD_USER_INPUT for a page of fewer than 0 or more than 100 rows */
export function pageSize(argument: string, size: number): number {
  if (size < 0 || size > MAX_PAGE) throw badInput({ path: [argument], rule: `must be from 0 to ${MAX_PAGE}` });
  return size;
}

/** What of a list tells its cursors from others. */
type CursorList = Pick<List<Row>, 'name' | 'isKey'>;

interface PageRequest {
  size: number;
  /** Reading from the end of the list. */
  isBackward: boolean;
  after: string | null;
  before: string | null;
}

function pageRequest(
  list: CursorList,
  { first, after, last, before }: PageArgs,
  info: GraphQLResolveInfo,
): PageRequest {
  const isBackward = typeof last === 'number';
  if (isBackward && isGiven('first', info))
    throw badInput({ path: ['last'], rule: 'cannot be given together with first' });
  return {
    size: isBackward ? pageSize('last', last) : pageSize('first', first ?? DEFAULT_PAGE),
    isBackward,
    after: readCursor(list, 'after', after),
    before: readCursor(list, 'before', before),
  };
}

/** Whether the client itself gave an argument, which its default value would hide. */
function isGiven(name: string, { fieldNodes, variableValues }: GraphQLResolveInfo): boolean {
  return fieldNodes.some((node) =>
    node.arguments?.some(({ name: { value: argument }, value }) => {
      if (argument !== name) return false;
      if (value.kind === 'Variable') return (variableValues[value.name.value] ?? null) !== null;
      return value.kind !== 'NullValue';
    }),
  );
}

const writeCursor = (list: string, id: string): string => Buffer.from(`${list}:${id}`).toString('base64url');

/** Takes a cursor that we could have written ourselves, and nothing that merely decodes to one. */
function readCursor(
  { name, isKey = isUuid }: CursorList,
  argument: string,
  cursor: string | null | undefined,
): string | null {
  if (cursor === null || cursor === undefined) return null;
  const id = Buffer.from(cursor.slice(0, LONGEST_CURSOR), 'base64url')
    .toString()
    .slice(name.length + 1);
  if (!isKey(id) || writeCursor(name, id) !== cursor) {
    throw badInput({ path: [argument], rule: 'is not a cursor of this list' });
  }
  return id;
}

function bounds({ after, before }: PageRequest, newestFirst: boolean): FilterQuery<Row>[] {
  return [
    ...(after === null ? [] : [{ id: newestFirst ? { $lt: after } : { $gt: after } }]),
    ...(before === null ? [] : [{ id: newestFirst ? { $gt: before } : { $lt: before } }]),
  ];
}

/** @param rows up to `size + 1` of them, in the order they were read */
function pageOf<Entry extends Row>(
  list: string,
  { size, isBackward, after, before }: PageRequest,
  rows: Entry[],
  count: () => Promise<number>,
): Page<Entry> {
  const hasMore = rows.length > size;
  const shown = rows.slice(0, size);
  if (isBackward) shown.reverse();
  const edges = shown.map((node) => ({ cursor: writeCursor(list, node.id), node }));
  return {
    edges,
    nodes: shown,
    pageInfo: {
      hasNextPage: isBackward ? before !== null : hasMore,
      hasPreviousPage: isBackward ? hasMore : after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    get totalCount() {
      return count().then((total) => (total > COUNTED ? null : total));
    },
  };
}
