import type { EntityClass, EntityManager, EntityMetadata } from '@mikro-orm/postgresql';

interface Column {
  /** In the table. */
  field: string;
  /** In the class. */
  name: string;
  /** Where JSON has not what the class has: what is selected of it, and what makes of that what the class has. */
  form: Form | null;
}

interface Form {
  select: (field: string) => string;
  read: (value: number) => unknown;
}

const columns = new WeakMap<object, readonly Column[]>();

/**
 * The columns of an entity's table, under their names in the class, as the list of a `select`. JSON that is made of such
 * rows has the shape of the class from the beginning.
 * @param alias of the table in the statement
 * @param names those that are wanted, where not all are
 */
export function selectList<T extends object>(
  em: EntityManager,
  entity: EntityClass<T>,
  alias: string,
  names?: readonly (keyof T)[],
): string {
  return columnsOf(em.getMetadata(entity))
    .filter(({ name }) => names?.includes(name as keyof T) ?? true)
    .map(({ field, name, form }) => `${form?.select(`${alias}.${field}`) ?? `${alias}.${field}`} as "${name}"`)
    .join(', ');
}

/**
 * Makes of a row of {@link selectList}, read as JSON, what the class says, in place. Frames are made of many rows that nobody
 * changes and that nothing is loaded from: an entity of each would take several times as long as all else that is done for
 * its readers.
 */
export function readRow<T extends object>(em: EntityManager, entity: EntityClass<T>, row: Record<string, unknown>): T {
  for (const { name, form } of columnsOf(em.getMetadata(entity))) {
    if (form && typeof row[name] === 'number') row[name] = form.read(row[name]);
  }
  return row as T;
}

function columnsOf<T extends object>(metadata: EntityMetadata<T>): readonly Column[] {
  const known = columns.get(metadata);
  if (known) return known;
  const found = metadata.props.map(({ name, fieldNames, runtimeType }) => ({
    field: fieldNames[0] ?? name,
    name,
    form: formOf(runtimeType),
  }));
  columns.set(metadata, found);
  return found;
}

/** Milliseconds since 1970, since a date takes long to parse. */
const MOMENT: Form = {
  select: (field) => `(extract(epoch from ${field}) * 1000)::float8`,
  read: (ms) => new Date(ms),
};
const BIG: Form = { select: (field) => field, read: BigInt };

/** The rest is in JSON what it is in the class. */
function formOf(type: string): Form | null {
  if (type === 'Date') return MOMENT;
  return type === 'bigint' ? BIG : null;
}
