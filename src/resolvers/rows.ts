import {
  type EntityManager,
  type EntityMetadata,
  type EntityName,
  type FilterQuery,
  type QBFilterQuery,
  type QueryOrderMap,
  raw,
} from '@mikro-orm/postgresql';

/** Rows of these ids, which every table here has. */
interface ById {
  id: string | { $in: string[] };
  userId?: string;
}

/** Which rows, and in which order. */
interface Choice<Row> {
  where: FilterQuery<Row> | ById;
  orderBy?: QueryOrderMap<Row>;
  limit?: number;
  /** For a statement whose text is always the same: it stays prepared under this name, in snake_case. */
  name?: string;
}

/**
 * Reads rows as plain objects. An operation changes none of what it reads, and to make each row known to a unit of work
 * takes several times as long as to read it.
 */
export async function readRows<Row extends object>(
  em: EntityManager,
  of: EntityName<Row>,
  { where, orderBy, limit, name }: Choice<Row>,
): Promise<Row[]> {
  const rows = em
    .createQueryBuilder(of, 'row')
    .select(raw(columnsOf(em.getMetadata(of))))
    .where(where as QBFilterQuery<Row>);
  if (orderBy) rows.orderBy(orderBy);
  if (limit !== undefined) rows.limit(limit);
  if (name) rows.comment(name);
  return await rows.execute<Row[]>('all');
}

/** The row of an id, where it is this user's or no user is named, or null. */
export async function readRow<Row extends { id: string }>(
  em: EntityManager,
  of: EntityName<Row>,
  where: ById & { id: string },
): Promise<Row | null> {
  const [row] = await readRows(em, of, { where, name: 'row_by_id' });
  return row ?? null;
}

const columns = new WeakMap<object, string>();

/** By name: what a prepared statement returns may not change, and `*` does with each column that a later migration adds. */
function columnsOf(metadata: EntityMetadata): string {
  const known = columns.get(metadata) ?? metadata.props.map(({ fieldNames }) => `"row"."${fieldNames[0]}"`).join(', ');
  columns.set(metadata, known);
  return known;
}
