import type { Entry } from './client-log.ts';
import type { Findings, Violation } from './findings.ts';
import type { Followers } from './followers.ts';
import type { FaultCounts } from './nemesis.ts';
import type { Postgres } from './postgres.ts';

export interface SummaryParts {
  seed: number;
  minutes: number;
  postgres: Postgres;
  entries: readonly Entry[];
  followers: Followers;
  faults: FaultCounts;
  findings: Findings;
  /** Seconds; null where it did not settle. */
  settledIn: number | null;
}

/** The figures of a run, as lines of text. */
export async function summarize(parts: SummaryParts): Promise<string[]> {
  const { postgres, entries, followers, faults, findings, settledIn } = parts;
  const statuses = await postgres.query<{ status: string; count: number }>(
    `select case when deleted_at is null then status else 'DELETED' end as status, count(*)::int
     from audit_v1.jobs group by 1 order by 1`,
  );
  const types = await postgres.query<{ type: string; count: number }>(
    'select type, count(*)::int from audit_v1.events group by 1 order by 1',
  );
  const jobs = statuses.reduce((sum, { count }) => sum + count, 0);
  const sessions = followers.followings.flatMap((following) => following.sessions);
  const frames = sessions.reduce((sum, session) => sum + session.frames.length, 0);
  return [
    '',
    row('seed', String(parts.seed)),
    row('minutes', String(parts.minutes)),
    row('jobs', `${jobs} (${statuses.map(({ status, count }) => `${status} ${count}`).join(', ')})`),
    row('events', types.map(({ type, count }) => `${type} ${count}`).join(', ')),
    ...outcomeRows(entries),
    row('followers', `${followers.followings.length}, ${sessions.length} subscriptions, ${frames} messages`),
    row(
      'faults',
      Object.entries(faults.done)
        .map(([sort, count]) => `${sort} ${count}`)
        .join(', '),
    ),
    row('faults without a target', String(faults.missed)),
    ...[...findings.counts].sort().map(([what, count]) => row(what, String(count))),
    row('settled', settledIn === null ? 'no' : `in ${settledIn.toFixed(1)} s`),
    row('violations', String(findings.violations.length)),
  ];
}

function outcomeRows(entries: readonly Entry[]): string[] {
  const byOperation = Map.groupBy(entries, ({ operation }) => operation);
  return [...byOperation].map(([operation, ofOperation]) => {
    const outcomes = Map.groupBy(ofOperation, ({ outcome }) => outcome);
    return row(operation, [...outcomes].map(([outcome, { length }]) => `${outcome} ${length}`).join(', '));
  });
}

const row = (name: string, value: string) => `${name.padEnd(26)} ${value}`;

const SHOWN = 20;

/** Each violation with what is known of its job: enough to look for the cause. */
export async function describeViolations(
  violations: readonly Violation[],
  { postgres, entries, followers }: Pick<SummaryParts, 'postgres' | 'entries' | 'followers'>,
): Promise<string[]> {
  const lines: string[] = [];
  for (const { rule, detail, jobId } of violations.slice(0, SHOWN)) {
    lines.push('', `VIOLATION: ${rule}`, `  ${detail}`);
    if (jobId === undefined || !/^[0-9a-f-]{36}$/.test(jobId)) continue;
    const [job] = await postgres.query<Record<string, unknown>>('select * from analysis_jobs where id = $1', [jobId]);
    const events = await postgres.query<Record<string, unknown>>(
      'select seq, type, round, attempt, error_message, at from job_events where job_id = $1 order by seq',
      [jobId],
    );
    const ledger = await postgres.query<Record<string, unknown>>(
      'select entry, amount, round, created_at from audit_v1.ledger where job_id = $1 order by id',
      [jobId],
    );
    const following = followers.followings.find((candidate) => candidate.jobId === jobId);
    lines.push(
      `  job ${jobId}: ${JSON.stringify(job ?? 'gone')}`,
      ...events.map((event) => `  event ${JSON.stringify(event)}`),
      ...ledger.map((entry) => `  ledger ${JSON.stringify(entry)}`),
      ...entries.filter((entry) => entry.jobId === jobId).map((entry) => `  client ${JSON.stringify(entry)}`),
      ...(following?.sessions ?? []).map(({ after, frames, end, code }) => {
        const seen = frames.map(({ type, seq }) => `${type} ${seq}`).join(', ');
        return `  follower after ${after}: ${seen}; ${end} ${code ?? ''}`;
      }),
    );
  }
  if (violations.length > SHOWN) lines.push('', `… and ${violations.length - SHOWN} more violations`);
  return lines;
}
