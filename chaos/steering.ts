import { type Answer, ask } from './api-client.ts';
import type { Operation } from './client-log.ts';
import type { KnownJob, LoadParts, User } from './load-parts.ts';
import { unanswered } from './unanswered.ts';

export interface Steering {
  /** A job that may be steered from now on. */
  know(job: KnownJob): void;
  /** Does one thing to one job. */
  steer(): Promise<void>;
}

const ACTS = {
  cancel: 40,
  retry: 24,
  delete: 10,
  'force-delete': 8,
  'delete-result': 4,
  foreign: 4,
  'sync-status': 6,
  'clean-up': 1,
  rescue: 1,
};

const RECENT = 60;

interface Payload {
  act: { job?: { id: string; status: string } | null; deletedJobId?: string | null; userErrors: { code: string }[] };
}

/** What each act sends; the id is the job's, for `delete-result` the result's. */
const MUTATIONS: Record<Exclude<Operation, 'submit' | 'grant'>, string> = {
  cancel: 'mutation ($id: ID!) { act: cancelJob(input: { id: $id }) { job { id status } userErrors { code } } }',
  retry: 'mutation ($id: ID!) { act: retryJob(input: { id: $id }) { job { id status } userErrors { code } } }',
  delete: 'mutation ($id: ID!) { act: deleteJob(input: { id: $id }) { deletedJobId userErrors { code } } }',
  'force-delete':
    'mutation ($id: ID!) { act: deleteJob(input: { id: $id, force: true }) { deletedJobId userErrors { code } } }',
  'delete-result': 'mutation ($id: ID!) { act: deleteResult(input: { id: $id }) { deletedJobId userErrors { code } } }',
};

/** Cancels, retries and deletes what was submitted, half of the time something recent. Also tries what is not allowed. */
export function createSteering(parts: LoadParts): Steering {
  const { random, url, users, log, findings, serviceToken } = parts;
  const known: KnownJob[] = [];
  const send = <Data>(user: Pick<User, 'token'>, query: string, id?: string): Promise<Answer<Data>> =>
    ask<Data>(url(), user.token, query, id === undefined ? {} : { id });

  async function act(operation: keyof typeof MUTATIONS, job: KnownJob): Promise<void> {
    const target = operation === 'delete-result' ? await resultOf(job) : job.id;
    if (target === undefined) return;
    const answered = log.send({ operation, userId: job.owner.id, jobId: job.id });
    const answer = await send<Payload>(job.owner, MUTATIONS[operation], target);
    if (answer.outcome !== 'answered') return void answered(unanswered(answer, findings));
    const { userErrors } = answer.data.act;
    const reason = userErrors.map(({ code }) => code).join(' ');
    if (userErrors.length > 0) return void answered({ outcome: 'failed', reason });
    answered({ outcome: 'ok' });
    if (operation === 'retry') parts.onRetried(job);
    const status = answer.data.act.job?.status;
    if (operation === 'cancel' && status !== 'CANCELLED') {
      findings.violation('a cancelled job is CANCELLED at once', `the answer says ${status}`, job.id);
    }
  }

  async function resultOf(job: KnownJob): Promise<string | undefined> {
    const query = 'query ($id: ID!) { job(id: $id) { resultId } }';
    const answer = await send<{ job: { resultId: string | null } | null }>(job.owner, query, job.id);
    return answer.outcome === 'answered' ? (answer.data.job?.resultId ?? undefined) : undefined;
  }

  async function trespass(job: KnownJob): Promise<void> {
    const stranger = random.pick(users.filter(({ id }) => id !== job.owner.id));
    const operation = random.pick(['cancel', 'retry', 'delete', 'force-delete'] as const);
    const answer = await send<Payload>(stranger, MUTATIONS[operation], job.id);
    if (answer.outcome !== 'answered') return void unanswered(answer, findings);
    const codes = answer.data.act.userErrors.map(({ code }) => code).join(' ');
    if (codes !== 'NOT_FOUND') findings.violation('another user’s job is not found', `${operation}: ${codes}`, job.id);
  }

  async function syncStatus(job: KnownJob): Promise<void> {
    const query = 'mutation ($id: ID!) { act: syncStatus(input: { jobId: $id }) { syncActions } }';
    const answer = await send<{ act: { syncActions: string[] } }>({ token: serviceToken }, query, job.id);
    if (answer.outcome !== 'answered') return void unanswered(answer, findings);
    for (const action of answer.data.act.syncActions) {
      findings.count(`syncStatus: ${action}`);
      // A task can be lost with the process that had just taken it; nothing else can be.
      if (action !== 'requeued_lost_task') {
        findings.violation('there is nothing to mend but a lost task', action, job.id);
      }
    }
  }

  async function cleanUp(): Promise<void> {
    const query = 'mutation { act: cleanupOrphaned(input: { dryRun: false }) { deletedCount deletedJobIds } }';
    const answer = await send<{ act: { deletedCount: number; deletedJobIds: string[] } }>(
      { token: serviceToken },
      query,
    );
    if (answer.outcome !== 'answered') return void unanswered(answer, findings);
    const { deletedCount, deletedJobIds } = answer.data.act;
    if (deletedCount > 0) findings.violation('there are no orphans', `removed ${deletedCount}: ${deletedJobIds}`);
  }

  async function rescue(): Promise<void> {
    const query = 'mutation { act: rescueStuckJobs { userErrors { code } } }';
    const answer = await send({ token: serviceToken }, query);
    if (answer.outcome !== 'answered') unanswered(answer, findings);
  }

  return {
    know: (job) => void known.push(job),
    async steer() {
      if (known.length === 0) return;
      const name = random.weighted(ACTS);
      const job = random.pick(random.chance(0.6) ? known.slice(-RECENT) : known);
      if (name === 'foreign') await trespass(job);
      else if (name === 'sync-status') await syncStatus(job);
      else if (name === 'clean-up') await cleanUp();
      else if (name === 'rescue') await rescue();
      else await act(name, job);
    },
  };
}
