/** What became of one respondent. */
export interface Finished {
  submitMs: number;
  /** From the call of the submit to the event that finished the job. */
  totalMs: number;
  archetype: string | null;
}

export interface Tally {
  submitted: number;
  completed: Finished[];
  failed: { line: number; reason: string }[];
  wrong: { line: number; reason: string }[];
  seconds: number;
}

/** The summary as lines of text. */
export function summarize({ submitted, completed, failed, wrong, seconds }: Tally): string[] {
  const submitMs = completed.map((job) => job.submitMs);
  const totalMs = completed.map((job) => job.totalMs);
  return [
    ...list('Lines that were not submitted', wrong),
    ...list('Jobs that failed', failed),
    '',
    row('submitted', submitted),
    row('completed', completed.length),
    row('failed', failed.length),
    row('submit', `p50 ${percentile(submitMs, 0.5)} ms, p95 ${percentile(submitMs, 0.95)} ms`),
    row('submit to completed', `p50 ${percentile(totalMs, 0.5)} ms, p95 ${percentile(totalMs, 0.95)} ms`),
    row('jobs per second', (completed.length / seconds).toFixed(1)),
    row('time', `${seconds.toFixed(1)} s`),
    '',
    'Most frequent archetypes',
    ...mostFrequent(completed.flatMap(({ archetype }) => archetype ?? []), 5).map(([name, count]) => row(name, count)),
  ];
}

const row = (name: string, value: string | number) => `  ${name.padEnd(30)} ${value}`;

const list = (title: string, rows: { line: number; reason: string }[]) =>
  rows.length === 0 ? [] : ['', title, ...rows.map(({ line, reason }) => `  line ${line} ${reason}`)];

/** The nearest rank; a dash where there is nothing to rank. */
function percentile(values: number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]?.toFixed(0) ?? '–';
}

function mostFrequent(names: string[], count: number): [string, number][] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b)).slice(0, count);
}
