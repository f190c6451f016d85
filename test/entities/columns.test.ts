import { expect, it } from 'vitest';
import { useProcess } from '../lifecycle/lifecycles.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();
const api = useProcess(database, 'api');

interface Column {
  name: string;
  type: string;
  nullable: boolean;
}

/** How MikroORM writes a type, against how PostgreSQL reports it. */
const spelling: Record<string, string> = { int: 'integer', timestamptz: 'timestamp with time zone' };

function describeProperties(): Record<string, Column[]> {
  const entities = [...api().orm.getMetadata().getAll().values()];
  return Object.fromEntries(
    entities.map((entity) => [
      entity.tableName,
      entity.props.map(({ fieldNames, columnTypes, nullable = false }) => {
        const type = columnTypes[0]!.replace(/\(\d+\)$/, '');
        return { name: fieldNames[0]!, type: spelling[type] ?? type, nullable };
      }),
    ]),
  );
}

async function readColumns(table: string): Promise<Column[]> {
  const { rows } = await database().pool.query<Column>(
    `select column_name as name, data_type as type, is_nullable = 'YES' as nullable
     from information_schema.columns where table_schema = 'public' and table_name = $1`,
    [table],
  );
  return rows;
}

it('maps every entity to a table of its own', () => {
  expect(Object.keys(describeProperties()).sort()).toEqual([
    'accounts',
    'analysis_jobs',
    'analysis_results',
    'files',
    'job_events',
    'ledger_entries',
    'sync_records',
  ]);
});

it('maps every property to a column of its type that is empty no more often', async () => {
  for (const [table, properties] of Object.entries(describeProperties())) {
    expect(await readColumns(table), table).toEqual(expect.arrayContaining(properties));
  }
});

it('maps every column of a job, its result, its files and a record', async () => {
  for (const table of ['analysis_jobs', 'analysis_results', 'files', 'sync_records']) {
    const names = (columns: Column[]) => columns.map(({ name }) => name).sort();
    expect(names(describeProperties()[table]!)).toEqual(names(await readColumns(table)));
  }
});
