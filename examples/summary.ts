/** What became of one line. */
export type Outcome = Completed | { line: number; failed: string } | { line: number; wrong: string };

export interface Completed {
  line: number;
  submitMs: number;
  /** From the call of the submit to the event that finished the job. */
  totalMs: number;
  archetype: string;
}

/** The summary of a run that took so many seconds, as lines of text. */
export function summarize(outcomes: readonly Outcome[], seconds: number): string[] {
  const completed = outcomes.filter((outcome) => 'totalMs' in outcome);
  const failed = outcomes.filter((outcome) => 'failed' in outcome);
  const wrong = outcomes.filter((outcome) => 'wrong' in outcome);
  return [
    ...list('Lines that were not submitted', wrong, ({ wrong }) => wrong),
    ...list('Jobs that failed', failed, ({ failed }) => failed),
    '',
    row('submitted', completed.length + failed.length),
    row('completed', completed.length),
    row('failed', failed.length),
    row('submit', percentiles(completed.map(({ submitMs }) => submitMs))),
    row('submit to completed', percentiles(completed.map(({ totalMs }) => totalMs))),
    row('jobs per second', (completed.length / seconds).toFixed(1)),
    row('time', `${seconds.toFixed(1)} s`),
    '',
    'Most frequent archetypes',
    ...mostFrequent(completed.map(({ archetype }) => archetype)).map(([name, count]) => row(name, count)),
  ];
}

const row = (name: string, value: string | number) => `  ${name.padEnd(30)} ${value}`;

function list<Row extends { line: number }>(title: string, rows: Row[], reason: (row: Row) => string): string[] {
  if (rows.length === 0) return [];
  return ['', title, ...rows.toSorted((a, b) => a.line - b.line).map((row) => `  line ${row.line}: ${reason(row)}`)];
}

const percentiles = (milliseconds: number[]) =>
  `p50 ${percentile(milliseconds, 0.5)} ms, p95 ${percentile(milliseconds, 0.95)} ms`;

/** The nearest rank; a dash where there is nothing to rank. */
function percentile(values: number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]?.toFixed(0) ?? '–';
}

function mostFrequent(names: string[], count = 5): [string, number][] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b)).slice(0, count);
}
