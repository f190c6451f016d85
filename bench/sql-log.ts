// Loaded into a process before anything else: each statement that it sends to PostgreSQL becomes a line of JSON in SQL_LOG.
import { appendFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Statement } from './statements.ts';

type Query = (this: object, ...args: unknown[]) => unknown;

// That of the process: the benches have a copy of their own for what Assay is measured against.
const pg: typeof import('pg') = createRequire(new URL('../package.json', import.meta.url))('pg');
const file = process.env.SQL_LOG ?? '';
const owed = new WeakMap<object, number>();
const query = pg.Client.prototype.query as Query;

const logged: Query = function (...args) {
  const [asked, given] = args as [string | { text: string; values?: unknown[]; name?: string }, unknown];
  const { text, values, name } = typeof asked === 'string' ? { text: asked } : asked;
  const before = owed.get(this) ?? 0;
  const statement: Statement = {
    sql: text,
    values: Array.isArray(given) ? given : (values ?? []),
    isPrepared: name !== undefined,
    beginsTrip: before === 0,
  };
  appendFileSync(file, `${JSON.stringify(statement)}\n`);
  const answer = Reflect.apply(query, this, args);
  if (answer instanceof Promise) {
    owed.set(this, before + 1);
    const answered = () => void owed.set(this, (owed.get(this) ?? 1) - 1);
    answer.then(answered, answered);
  }
  return answer;
};
pg.Client.prototype.query = logged as typeof pg.Client.prototype.query;
