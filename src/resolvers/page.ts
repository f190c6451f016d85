import type { GraphQLResolveInfo } from 'graphql';
import { badInput } from '../gate/errors.ts';
import { isUuid } from '../gate/ids.ts';
import type { Connection } from '../schema/connection.ts';

export interface PageArgs {
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}

/** A page of a list that is ordered by id, as the database is asked for it: one row more than is shown. */
export interface PageRequest {
  size: number;
  /** Reading from the end of the list. */
  isBackward: boolean;
  after: string | null;
  before: string | null;
}

const MAX_PAGE = 100;

/** Rows are counted up to here; a longer list has no total. */
export const COUNTED = 1_000;

/**
 * Reads the paging arguments of a field.
 * @param list names the list in its cursors, so that those of another list are told apart
 * @throws BAD_USER_INPUT for a size outside 0 to 100, `first` and `last` together, or a cursor that is not of this list
 */
export function pageRequest(list: string, args: PageArgs, info: GraphQLResolveInfo): PageRequest {
  const isBackward = args.last !== undefined && args.last !== null;
  if (isBackward && isGiven('first', info)) throw badInput({ path: ['last'], rule: 'cannot be given together with first' });
  const size = isBackward ? pageSize('last', args.last ?? 20) : pageSize('first', args.first ?? 20);
  return { size, isBackward, after: readCursor(list, 'after', args.after), before: readCursor(list, 'before', args.before) };
}

/** @throws BAD_USER_INPUT for a page of fewer than 0 or more than 100 rows */
export function pageSize(argument: string, size: number): number {
  if (size < 0 || size > MAX_PAGE) throw badInput({ path: [argument], rule: `must be from 0 to ${MAX_PAGE}` });
  return size;
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

export const writeCursor = (list: string, id: string): string => Buffer.from(`${list}:${id}`).toString('base64url');

function readCursor(list: string, argument: string, cursor: string | null | undefined): string | null {
  if (cursor === null || cursor === undefined) return null;
  const [name, id = '', ...rest] = Buffer.from(cursor, 'base64url').toString().split(':');
  if (cursor.length > 256 || name !== list || !isUuid(id) || rest.length > 0) {
    throw badInput({ path: [argument], rule: 'is not a cursor of this list' });
  }
  return id;
}

/** The `id` condition and the order of a page. `newestFirst` is the order of the list itself. */
export function keyset({ isBackward, after, before }: PageRequest, newestFirst: boolean) {
  const bounds = [
    ...(after ? [{ id: newestFirst ? { $lt: after } : { $gt: after } }] : []),
    ...(before ? [{ id: newestFirst ? { $gt: before } : { $lt: before } }] : []),
  ];
  return { bounds, order: newestFirst !== isBackward ? ('DESC' as const) : ('ASC' as const) };
}

/** A connection whose total is counted only when it is asked for. */
export type Page<Row> = Omit<Connection<Row>, 'totalCount'> & { readonly totalCount: Promise<number | null> };

/**
 * Makes a page of the rows that were read for it.
 * @param rows up to `size + 1` rows, in the order they were read
 * @param count counts the whole list, up to {@link COUNTED} + 1
 */
export function pageOf<Row extends { id: string }>(
  list: string,
  request: PageRequest,
  rows: Row[],
  count: () => Promise<number>,
): Page<Row> {
  const hasMore = rows.length > request.size;
  const shown = rows.slice(0, request.size);
  if (request.isBackward) shown.reverse();
  const edges = shown.map((node) => ({ cursor: writeCursor(list, node.id), node }));
  return {
    edges,
    nodes: shown,
    pageInfo: {
      hasNextPage: request.isBackward ? request.before !== null : hasMore,
      hasPreviousPage: request.isBackward ? hasMore : request.after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    get totalCount() {
      return count().then((total) => (total > COUNTED ? null : total));
    },
  };
}
