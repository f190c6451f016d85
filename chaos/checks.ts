import { setTimeout as delay } from 'node:timers/promises';
import { examine } from '../src/lifecycle/doctor.ts';
import { ask } from './api-client.ts';
import { audit } from './audit.ts';
import { readBooks } from './books.ts';
import type { ClientLog } from './client-log.ts';
import { checkFiles } from './file-check.ts';
import type { Findings, Violation } from './findings.ts';
import type { Fleet } from './fleet.ts';
import type { Followers } from './followers.ts';
import { checkFollowing } from './following-check.ts';
import { checkLog } from './log-check.ts';
import type { Postgres } from './postgres.ts';

export interface ChecksParts {
  postgres: Postgres;
  fleet: Fleet;
  followers: Followers;
  log: ClientLog;
  findings: Findings;
  leaseMs: number;
  storageUrl: string;
}

const POLL_MS = 250;
/** Rows of one broken invariant. */
const SHOWN = 5;

/** What is still going on. A task may outlive its job by a lease and two rescues, so the queue counts too. */
const UNSETTLED = `
  select (select count(*) from audit_v1.jobs where status in ('QUEUED', 'PROCESSING') or worker_free_at is null)::int as jobs,
    (select count(*) from audit_v1.queue)::int as tasks`;

/** Waits until nothing is active. @returns the seconds that it took; null where it did not end within the limit */
export async function settle({ query }: Pick<Postgres, 'query'>, limitMs: number): Promise<number | null> {
  const begun = performance.now();
  while (performance.now() - begun < limitMs) {
    const [left] = await query<{ jobs: number; tasks: number }>(UNSETTLED);
    if (left && left.jobs + left.tasks === 0) return (performance.now() - begun) / 1_000;
    await delay(POLL_MS);
  }
  return null;
}

const ANSWER_LIMIT_MS = 20_000;
/** More at once than an API has connections, so that lost ones show. */
const AT_ONCE = 20;

/** Whether each API is as good as new after what it went through, though nobody started it again. */
export async function checkAnswers(fleet: Fleet, token: string, findings: Findings): Promise<void> {
  for (const { name, url } of fleet.members.filter((member) => member.name.startsWith('api'))) {
    const deadline = Date.now() + ANSWER_LIMIT_MS;
    let refused = AT_ONCE;
    while (refused > 0 && Date.now() < deadline) {
      const answers = await Promise.all(
        Array.from({ length: AT_ONCE }, () => ask(url, token, '{ viewer { tokenBalance } }')),
      );
      refused = answers.filter(({ outcome }) => outcome !== 'answered').length;
    }
    if (refused > 0)
      findings.violation('a healed API answers', `${name}: ${refused} of ${AT_ONCE} requests had no answer`);
  }
}

/** Holds everything against everything, once the fleet is healed and nothing is active. */
export async function check(parts: ChecksParts): Promise<void> {
  const { postgres, fleet, followers, log, findings, leaseMs, storageUrl } = parts;
  const note = ({ rule, detail, jobId }: Violation) => findings.violation(rule, detail, jobId);
  await audit(postgres, findings);
  (await consultDoctor(postgres, leaseMs)).forEach(note);
  (await checkFiles(postgres, storageUrl)).forEach(note);
  const books = await readBooks(postgres);
  checkLog(log.entries, books).forEach(note);
  for (const following of followers.followings) {
    checkFollowing(following, books, log.mayBeGone(following.jobId)).forEach(note);
    const frames = following.sessions.flatMap((session) => session.frames);
    for (const _ of frames.filter(({ type }) => type === 'RESYNC')) findings.count('RESYNC');
  }
  for (const { name, how, lastWords } of fleet.deaths) {
    findings.violation('a process ends only when it is told to', `${name}: ${how}\n${lastWords}`);
  }
}

/** The invariants by which `assay doctor` judges. */
export async function consultDoctor({ withClient }: Postgres, leaseMs: number): Promise<Violation[]> {
  const findings = await withClient((client) => examine(client, { leaseMs, graceMs: 0 }));
  return findings.flatMap(({ invariant: { id, sentence }, rows }) =>
    rows.slice(0, SHOWN).map(({ subject, found }) => ({
      rule: `${id}: ${sentence}`,
      detail: `${subject} ${found} (${rows.length} in all)`,
      jobId: subject,
    })),
  );
}
