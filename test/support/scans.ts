import pg from 'pg';
import { vi } from 'vitest';

/** One look of a statement at a table. */
export interface Scan {
  /** As PostgreSQL calls it. */
  node: string;
  /** Those that it handed on and those that it dropped. */
  rows: number;
}

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Rows Removed by Filter'?: number;
  'Actual Loops': number;
  Plans?: PlanNode[];
}

/** How the reads of an act look at a table: each is explained while it runs once more, and is taken back. */
export async function scansOf(pool: pg.Pool, table: string, act: () => Promise<unknown>): Promise<Scan[]> {
  const query = vi.spyOn(pg.Client.prototype, 'query');
  await act();
  const sent = query.mock.calls.map(([text, values]: unknown[]) => ({ text: String(text), values }));
  query.mockRestore();
  const reads = sent.filter(({ text }) => /^\s*(select|with)\b/i.test(text) && text.includes(table));
  const plans: PlanNode[] = [];
  for (const { text, values } of reads) plans.push(await explain(pool, text, values as unknown[]));
  return plans
    .flatMap(flatten)
    .filter((node) => node['Relation Name'] === table)
    .map((node) => ({
      node: node['Node Type'],
      rows: (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'],
    }));
}

async function explain(pool: pg.Pool, text: string, values: unknown[]): Promise<PlanNode> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const { rows } = await client.query(`explain (analyze, format json) ${text}`, values);
    return rows[0]['QUERY PLAN'][0].Plan;
  } finally {
    await client.query('rollback');
    client.release();
  }
}

const flatten = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(flatten)];
