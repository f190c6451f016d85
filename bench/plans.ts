import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchDatabase } from './database.ts';

/** With these a server can write down its plans, and what came of them. It costs nothing until somebody looks. */
export const PLAN_SETTINGS = {
  shared_preload_libraries: 'auto_explain',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_timing': 'off',
  'auto_explain.log_format': 'json',
  'auto_explain.log_nested_statements': 'on',
  log_line_prefix: '%d|',
};

/** What grows with the jobs. */
const GROWING = ['analysis_jobs', 'analysis_results', 'job_events', 'ledger_entries', 'accounts'];
/** To read so few one after the other is no worse than by an index: such are a table of few, and the first of many. */
const FEW = 2_000;
/** Until all sessions of the server have heard of a setting. */
const HEARD_MS = 100;

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  /** Of those that it read it handed on so many and dropped so many, on average, each time that it was begun. */
  'Actual Rows'?: number;
  'Rows Removed by Filter'?: number;
  'Actual Loops'?: number;
  Plans?: PlanNode[];
}

/**
 * By what means an act reads, of all statements that it causes in a database, whoever sends them: those of functions, triggers
 * and foreign keys too.
 * @returns `index` with the most rows that one of its scans read, or which of the tables that grow are read as a whole
 */
export async function describePlans(server: BenchDatabase, name: string, act: () => Promise<unknown>): Promise<string> {
  const file = path.join(server.dataDir, 'postgres', 'server.log');
  const { size } = await stat(file);
  await writePlans(server, true);
  try {
    await act();
  } finally {
    await writePlans(server, false);
  }
  const nodes = plansIn((await readFile(file)).subarray(size).toString(), name);
  if (nodes.length === 0) return 'none was seen';
  const scans = nodes.filter((node) => node['Actual Loops'] !== 0 && GROWING.includes(node['Relation Name'] ?? ''));
  const whole = scans
    .filter((node) => node['Node Type'] === 'Seq Scan' && rowsRead(node) > FEW)
    .map((node) => node['Relation Name']);
  if (whole.length > 0) return `reads all of ${[...new Set(whole)].join(', ')}`;
  return `index, ${Math.max(0, ...scans.map(rowsRead))} rows`;
}

const rowsRead = (node: PlanNode): number =>
  Math.round(((node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0)) * (node['Actual Loops'] ?? 0));

async function writePlans({ pool }: BenchDatabase, isOn: boolean): Promise<void> {
  await pool.query(`alter system set auto_explain.log_min_duration = ${isOn ? 0 : -1}`);
  await pool.query('select pg_reload_conf()');
  await delay(HEARD_MS);
}

/** All nodes of the plans of a database. An entry of the log goes on where a line begins with a tab. */
function plansIn(log: string, name: string): PlanNode[] {
  const entries = log
    .split(/\n(?!\t)/)
    .filter((entry) => entry.startsWith(`${name}|LOG:`) && entry.includes('  plan:'));
  const flatten = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(flatten)];
  return entries.flatMap((entry) => flatten(JSON.parse(entry.slice(entry.indexOf('{'))).Plan));
}
