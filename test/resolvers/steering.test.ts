import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Viewer } from '../../src/gate/viewer.ts';
import { nextAttempt, TAKES_NO_TASK } from '../lifecycle/lifecycles.ts';
import { readAllRows, readBalance, readJob } from '../lifecycle/rows.ts';
import { service, useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { makeAccount, makeJob } from '../support/factory.ts';
import { clear } from './bend.ts';
import {
  GRANTED,
  MAY,
  PRICE,
  STANDINGS,
  type Standee,
  type Standing,
  stand,
  TURNED_AWAY,
  viewersOf,
  type Who,
} from './standings.ts';
import { leavesNothing, touchesOnly } from './unchanged.ts';

const database = useDatabase();
const api = useApi(database, { prices: { ASSESSMENT: PRICE } });
const dearer = useApi(database, { prices: { ASSESSMENT: 4 } });
const free = useApi(database, { prices: { ASSESSMENT: 0 } });

beforeEach(() => clear(database().pool));

const ERRORS = `userErrors {
  __typename code message field
  ... on InvalidMove { status allowed }
  ... on InsufficientTokens { required available }
}`;
const JOB = `job {
  id status seq round attempt tokenCost refunded priority progress { percent } failure { code message }
  startedAt finishedAt heartbeatAt workerFreeAt allowedActions resultId result { status testResult }
}`;

const VERBS = {
  cancelJob: `mutation ($id: ID!) { done: cancelJob(input: { id: $id }) { ${JOB} tokenBalance ${ERRORS} } }`,
  retryJob: `mutation ($id: ID!) { done: retryJob(input: { id: $id }) { ${JOB} tokenBalance ${ERRORS} } }`,
  deleteJob: `mutation ($id: ID!) { done: deleteJob(input: { id: $id }) { deletedJobId deletedResultId ${ERRORS} } }`,
  'deleteJob by force': `mutation ($id: ID!) {
    done: deleteJob(input: { id: $id, force: true }) { deletedJobId deletedResultId ${ERRORS} }
  }`,
  deleteResult: `mutation ($id: ID!) { done: deleteResult(input: { id: $id }) { deletedJobId deletedResultId ${ERRORS} } }`,
} as const;
type Verb = keyof typeof VERBS;
const verbs = Object.keys(VERBS) as Verb[];

interface Payload {
  job?: Record<string, unknown> | null;
  tokenBalance?: number | null;
  deletedJobId?: string | null;
  deletedResultId?: string | null;
  userErrors: Record<string, unknown>[];
}

/** `done` moves the job, `as before` answers the same and moves nothing, all else refuses. */
type Outcome = 'done' | 'as before' | 'NOT_FOUND' | 'JOB_ACTIVE' | 'JOB_FINISHED' | 'NOT_RETRYABLE';

const active: Outcome[] = ['done', 'JOB_ACTIVE', 'JOB_ACTIVE', 'done', 'JOB_ACTIVE'];
const failed: Outcome[] = ['JOB_FINISHED', 'done', 'done', 'done', 'done'];
const cancelled: Outcome[] = ['as before', 'done', 'done', 'done', 'done'];
const nowhere: Outcome[] = verbs.map(() => 'NOT_FOUND');

/** In the order of the verbs: what somebody who may is answered. */
const OUTCOMES: Record<Standing, Outcome[]> = {
  QUEUED: active,
  'QUEUED after an attempt': active,
  PROCESSING: active,
  COMPLETED: ['JOB_FINISHED', 'NOT_RETRYABLE', 'done', 'done', 'done'],
  FAILED: failed,
  'FAILED with its thread running': failed,
  CANCELLED: cancelled,
  'CANCELLED with its thread running': cancelled,
  'a tombstone': ['NOT_FOUND', 'NOT_FOUND', 'as before', 'done', 'NOT_FOUND'],
  absent: nowhere,
  malformed: nowhere,
};

/** What a client that asks once more is answered, having been told that it was done. */
const AGAIN: Record<Verb, Outcome> = {
  cancelJob: 'as before',
  retryJob: 'JOB_ACTIVE',
  deleteJob: 'as before',
  'deleteJob by force': 'NOT_FOUND',
  deleteResult: 'NOT_FOUND',
};

const ACTIONS: Record<string, string[]> = {
  QUEUED: ['CANCEL', 'FORCE_DELETE'],
  PROCESSING: ['CANCEL', 'FORCE_DELETE'],
  COMPLETED: ['DELETE', 'FORCE_DELETE', 'VIEW_RESULT'],
  FAILED: ['DELETE', 'FORCE_DELETE', 'RETRY'],
};

const REASONS: Record<string, string> = {
  JOB_ACTIVE: 'The job is still active',
  JOB_FINISHED: 'The job is finished',
  NOT_RETRYABLE: 'The job is completed: there is nothing to run again',
};

const idFor = (verb: Verb, made: Standee) => (verb === 'deleteResult' ? made.resultId : made.jobId);

async function ask(verb: Verb, viewer: Viewer, id: string, through = api()): Promise<Payload> {
  return (await through.read<{ done: Payload }>(viewer, VERBS[verb], { id })).done;
}

/** The payload that refuses, exactly. */
function refusal(verb: Verb, code: Outcome, status: string): Payload {
  const nothing =
    verb === 'cancelJob' || verb === 'retryJob'
      ? { job: null, tokenBalance: null }
      : { deletedJobId: null, deletedResultId: null };
  const error =
    code === 'NOT_FOUND'
      ? { __typename: 'SimpleError', code, message: 'There is nothing with this id', field: ['input', 'id'] }
      : { __typename: 'InvalidMove', code, message: REASONS[code], field: null, status, allowed: ACTIONS[status] };
  return { ...nothing, userErrors: [error] };
}

/** Holds that a job is where the verb leads, in all tables. */
async function isMoved(verb: Verb, made: Standee, was: string): Promise<void> {
  const { pool } = database();
  const { rows } = await pool.query<{ type: string }>('select type from job_events where job_id = $1 order by seq', [
    made.jobId,
  ]);
  const types = rows.map(({ type }) => type);
  const isCharged = verb === 'retryJob' || was === 'COMPLETED' || was === 'a tombstone';
  expect(await readBalance(pool, made.userId)).toBe(isCharged ? GRANTED - PRICE : GRANTED);
  if (verb === 'deleteJob by force' || verb === 'deleteResult') {
    expect(types).toEqual(['DELETED']);
    const everything = await readAllRows(pool);
    for (const table of ['analysis_jobs', 'analysis_results', 'idempotency_keys']) {
      expect(JSON.stringify(everything[table]).includes(made.jobId)).toBe(false);
    }
    return;
  }
  const { job, result, tasks } = await readJob(pool, made.jobId);
  const runnable = tasks.filter((task) => task.runnable).map(({ payload }) => payload);
  if (verb === 'cancelJob') expect([job.status, result.status, types.at(-1)]).toEqual(Array(3).fill('CANCELLED'));
  if (verb === 'retryJob') expect([job.status, result.status, types.at(-1)]).toEqual(['QUEUED', 'QUEUED', 'RETRIED']);
  if (verb === 'deleteJob') expect([job.status, result, types.at(-1)]).toEqual(['CANCELLED', null, 'DELETED']);
  expect(runnable).toEqual(verb === 'retryJob' ? [{ jobId: made.jobId, round: 2, attempt: 1 }] : []);
}

const cells = STANDINGS.flatMap((standing) =>
  verbs.map((verb, index) => ({ standing, verb, outcome: OUTCOMES[standing][index] as Outcome })),
);

describe.each(cells)('$verb of $standing', ({ standing, verb, outcome }) => {
  const status = standing.split(' ')[0] as string;
  const make = () => stand(database(), api().lifecycle, standing);

  it.each(MAY)(`asked by %s: ${outcome}`, async (who) => {
    const made = await make();
    const [viewer, id] = [viewersOf(made)[who] as Viewer, idFor(verb, made)];
    if (outcome === 'done') await isDone(verb, standing, made, who);
    else if (outcome === 'as before') await isAsBefore(verb, made, viewer);
    else {
      await leavesNothing(database().pool, async () => {
        expect(await ask(verb, viewer, id)).toEqual(refusal(verb, outcome, status));
      });
    }
  });

  it('is closed to everybody else', async () => {
    const made = await make();
    const [viewers, id] = [viewersOf(made), idFor(verb, made)];
    await leavesNothing(database().pool, async () => {
      expect(await ask(verb, viewers['another user'] as Viewer, id)).toEqual(refusal(verb, 'NOT_FOUND', status));
      for (const [who, code] of TURNED_AWAY) {
        const { data, errors } = await api().ask(viewers[who], VERBS[verb], { id });
        expect([data, errors.map((error) => error.code)]).toEqual([null, [code]]);
      }
    });
  });
});

/** Asks once and holds what came of it, and then once more, as a client does that has missed the answer. */
async function isDone(verb: Verb, standing: Standing, made: Standee, who: Who): Promise<void> {
  const [viewer, id] = [viewersOf(made)[who] as Viewer, idFor(verb, made)];
  let answer: Payload | undefined;
  await touchesOnly(database().pool, made, async () => {
    answer = await ask(verb, viewer, id);
  });
  const by = who === 'owner' ? 'user' : 'service desk';
  const wasTombstone = standing === 'a tombstone';
  const deleted = { deletedJobId: made.jobId, deletedResultId: wasTombstone ? null : made.resultId };
  const expected = verb === 'cancelJob' || verb === 'retryJob' ? await settled(verb, made, by) : deleted;
  expect(answer).toEqual({ ...expected, userErrors: [] });
  await isMoved(verb, made, standing);
  await leavesNothing(database().pool, async () => {
    const again = AGAIN[verb];
    expect(await ask(verb, viewer, id)).toEqual(again === 'as before' ? answer : refusal(verb, again, 'QUEUED'));
  });
}

async function isAsBefore(verb: Verb, made: Standee, viewer: Viewer): Promise<void> {
  await leavesNothing(database().pool, async () => {
    const deleted = { deletedJobId: made.jobId, deletedResultId: made.resultId };
    const expected = verb === 'cancelJob' ? await settled(verb, made, 'user') : deleted;
    expect(await ask(verb, viewer, idFor(verb, made))).toEqual({ ...expected, userErrors: [] });
  });
}

/** The job and the balance that a cancel or a retry must answer, by what is stored. */
async function settled(verb: 'cancelJob' | 'retryJob', { jobId, resultId }: Standee, by: string) {
  const { job } = await readJob(database().pool, jobId);
  const shown = {
    id: jobId,
    seq: job.seq,
    tokenCost: PRICE,
    priority: job.priority,
    progress: { percent: 0 },
    resultId,
  };
  const moment = (value: unknown) => (value === null ? null : new Date(String(value)).toISOString());
  if (verb === 'retryJob') {
    return {
      job: {
        ...shown,
        ...{ status: 'QUEUED', round: 2, attempt: 0, refunded: false, failure: null },
        ...{ startedAt: null, finishedAt: null, heartbeatAt: null, workerFreeAt: null },
        allowedActions: ACTIONS.QUEUED,
        result: { status: 'QUEUED', testResult: null },
      },
      tokenBalance: GRANTED - PRICE,
    };
  }
  return {
    job: {
      ...shown,
      ...{ status: 'CANCELLED', round: 1, attempt: job.attempt, refunded: true },
      failure: { code: 'CANCELLED', message: `Cancelled by ${by}` },
      startedAt: moment(job.started_at),
      finishedAt: moment(job.finished_at),
      heartbeatAt: moment(job.heartbeat_at),
      workerFreeAt: job.lease_token === null ? moment(job.finished_at) : null,
      allowedActions: ACTIONS.FAILED,
      result: { status: 'CANCELLED', testResult: null },
    },
    tokenBalance: GRANTED,
  };
}

describe.each(verbs)('%s', (verb) => {
  it('refuses an id of more than 128 characters, and takes one of 128', async () => {
    await leavesNothing(database().pool, async () => {
      const { data, errors } = await api().ask(user(), VERBS[verb], { id: 'x'.repeat(129) });
      expect(data).toBeNull();
      expect(errors).toMatchObject([{ code: 'BAD_USER_INPUT', details: [{ path: ['input', 'id'] }] }]);
      expect(await ask(verb, user(), 'x'.repeat(128))).toEqual(refusal(verb, 'NOT_FOUND', ''));
    });
  });

  it.each(['', 'x', "' or true --", 'a\u0000b', '00000000-0000-0000-0000-00000000000'])(
    'finds nothing under the malformed id %j',
    async (id) => {
      expect(await ask(verb, service('jobs:manage'), id)).toEqual(refusal(verb, 'NOT_FOUND', ''));
    },
  );

  it('takes an id in capitals, and answers in small letters', async () => {
    const standing = verb === 'cancelJob' ? 'QUEUED' : 'FAILED';
    const made = await stand(database(), api().lifecycle, standing);
    const { job, deletedJobId } = await ask(verb, user(made.userId), idFor(verb, made).toUpperCase());
    expect(job?.id ?? deletedJobId).toBe(made.jobId);
  });
});

describe('the id that a list shows', () => {
  const LIST = '{ jobs { nodes { id resultId } } results { nodes { id } } }';
  interface Lists {
    jobs: { nodes: { id: string; resultId: string }[] };
    results: { nodes: { id: string }[] };
  }

  it.each(verbs)('is the one that %s takes, and the id of the other list is none to it', async (verb) => {
    const standing = verb === 'cancelJob' ? 'QUEUED' : 'FAILED';
    const made = await stand(database(), api().lifecycle, standing);
    const viewer = user(made.userId);
    const { jobs, results } = await api().read<Lists>(viewer, LIST);
    const [job, result] = [jobs.nodes[0], results.nodes[0]];
    expect(job?.resultId).toBe(result?.id);
    const [right = '', wrong = ''] = verb === 'deleteResult' ? [result?.id, job?.id] : [job?.id, result?.id];
    expect(await ask(verb, viewer, wrong)).toEqual(refusal(verb, 'NOT_FOUND', ''));
    const done = await ask(verb, viewer, right);
    expect([done.job?.id ?? done.deletedJobId, done.userErrors]).toEqual([made.jobId, []]);
  });
});

describe('deleteJob', () => {
  it('with null for force leaves a tombstone', async () => {
    const { jobId, userId } = await stand(database(), api().lifecycle, 'FAILED');
    const text = 'mutation ($id: ID!) { deleteJob(input: { id: $id, force: null }) { deletedJobId } }';
    expect(await api().read(user(userId), text, { id: jobId })).toEqual({ deleteJob: { deletedJobId: jobId } });
    const seen = await api().read(user(userId), `{ job(id: "${jobId}") { status deletedAt resultId } }`);
    expect(seen).toEqual({ job: { status: 'CANCELLED', deletedAt: expect.any(String), resultId: null } });
  });

  it('by force of an active job pays its price back', async () => {
    const made = await stand(database(), api().lifecycle, 'PROCESSING');
    expect(await readBalance(database().pool, made.userId)).toBe(GRANTED - PRICE);
    await ask('deleteJob by force', user(made.userId), made.jobId);
    const { rows } = await database().pool.query(
      'select entry, amount, round from ledger_entries where job_id = $1 order by id',
      [made.jobId],
    );
    expect(rows).toEqual([
      { entry: 'CHARGE', amount: -PRICE, round: 1 },
      { entry: 'REFUND', amount: PRICE, round: 1 },
    ]);
    expect(await readBalance(database().pool, made.userId)).toBe(GRANTED);
  });
});

describe('a retry', () => {
  const fail = (balance: number) => async () => {
    const userId = await makeAccount(database().pool, { balance });
    return await makeJob(database().pool, { status: 'FAILED', userId, price: 1 });
  };

  it('is charged at today’s price, and tells the balance', async () => {
    const { jobId, userId } = await fail(10)();
    const { job, tokenBalance } = await ask('retryJob', user(userId), jobId, dearer());
    expect([job?.tokenCost, job?.round, tokenBalance]).toEqual([4, 2, 6]);
    expect((await readJob(database().pool, jobId)).ledger.map(({ entry, amount }) => [entry, amount])).toEqual([
      ['CHARGE', -1],
      ['REFUND', 1],
      ['CHARGE', -4],
    ]);
    expect((await ask('cancelJob', user(userId), jobId, dearer())).tokenBalance).toBe(10);
  });

  it('can cost the last token, and not one more', async () => {
    const [enough, short] = [await fail(4)(), await fail(3)()];
    expect(await ask('retryJob', user(enough.userId), enough.jobId, dearer())).toMatchObject({ tokenBalance: 0 });
    await leavesNothing(database().pool, async () => {
      const message = 'The price is 4, and the balance is 3';
      const lacking = { __typename: 'InsufficientTokens', code: 'INSUFFICIENT_TOKENS', message, field: null };
      const refused = { job: null, tokenBalance: null, userErrors: [{ ...lacking, required: 4, available: 3 }] };
      expect(await ask('retryJob', user(short.userId), short.jobId, dearer())).toEqual(refused);
      expect(await ask('retryJob', service('jobs:manage'), short.jobId, dearer())).toEqual(refused);
    });
  });

  it('that costs nothing writes no entry, and still tells the balance', async () => {
    const { jobId, userId } = await fail(7)();
    expect(await ask('retryJob', user(userId), jobId, free())).toMatchObject({
      job: { tokenCost: 0 },
      tokenBalance: 7,
    });
    const { ledger } = await readJob(database().pool, jobId);
    expect(ledger.map(({ entry }) => entry)).toEqual(['CHARGE', 'REFUND']);
    expect(await ask('cancelJob', user(userId), jobId, free())).toMatchObject({
      ...{ job: { refunded: false }, tokenBalance: 7 },
    });
  });

  it('ranks anew, by the tier of who asks and the jobs that are active by then', async () => {
    const { jobId, userId } = await fail(10)();
    await makeJob(database().pool, { status: 'QUEUED', userId, price: 0 });
    await makeJob(database().pool, { status: 'PROCESSING', userId, price: 0 });
    expect((await ask('retryJob', user(userId, 'premium'), jobId)).job?.priority).toBe(-8);
    await ask('cancelJob', user(userId), jobId);
    expect((await ask('retryJob', service('jobs:manage'), jobId)).job?.priority).toBe(2);
  });
});

describe('the thread of a job', () => {
  const FREE = '{ job { status finishedAt workerFreeAt } }';
  const read = async ({ jobId, userId }: { jobId: string; userId: string }) => {
    const text = `{ job(id: "${jobId}") ${FREE.slice(6, -2)} }`;
    return (await api().read<{ job: Record<string, string | null> }>(user(userId), text)).job;
  };

  it.each(['QUEUED', 'QUEUED after an attempt'] as const)('is free at once where it was %s', async (standing) => {
    const made = await stand(database(), api().lifecycle, standing);
    const { job } = await ask('cancelJob', user(made.userId), made.jobId);
    expect(job?.workerFreeAt).toBe(job?.finishedAt);
    expect(job?.workerFreeAt).toEqual(expect.any(String));
  });

  it('is free after a cancel when its worker says so, once and without an event', async () => {
    const made = await stand(database(), api().lifecycle, 'PROCESSING');
    const { job } = await ask('cancelJob', user(made.userId), made.jobId);
    expect(job?.workerFreeAt).toBeNull();
    expect(await api().lifecycle.free({ jobId: made.jobId, leaseToken: randomUUID() })).toBe(false);
    expect((await read(made)).workerFreeAt).toBeNull();
    expect(await api().lifecycle.free(made)).toBe(true);
    const { workerFreeAt, finishedAt } = await read(made);
    expect(Date.parse(String(workerFreeAt))).toBeGreaterThanOrEqual(Date.parse(String(finishedAt)));
    expect(await api().lifecycle.free(made)).toBe(false);
    expect((await read(made)).workerFreeAt).toBe(workerFreeAt);
    expect((await readJob(database().pool, made.jobId)).job.seq).toBe(job?.seq);
  });

  it('is not waited for by a retry, and says nothing any more after it', async () => {
    const made = await stand(database(), api().lifecycle, 'CANCELLED with its thread running');
    await ask('retryJob', user(made.userId), made.jobId);
    await leavesNothing(database().pool, async () => {
      expect(await api().lifecycle.free(made)).toBe(false);
    });
    expect(await read(made)).toEqual({ status: 'QUEUED', finishedAt: null, workerFreeAt: null });
  });

  it('of a tombstone is free when its worker says so', async () => {
    const made = await stand(database(), api().lifecycle, 'CANCELLED with its thread running');
    await ask('deleteJob', user(made.userId), made.jobId);
    expect((await read(made)).workerFreeAt).toBeNull();
    expect(await api().lifecycle.free(made)).toBe(true);
    expect((await read(made)).workerFreeAt).toEqual(expect.any(String));
  });

  it('is free with the end of the work where the worker ended it, and held while it works', async () => {
    const { lifecycle } = api();
    const first = await makeJob(database().pool, { status: 'QUEUED' });
    const second = await makeJob(database().pool, { status: 'QUEUED' });
    const attempts = [nextAttempt(first), nextAttempt(second)] as const;
    for (const attempt of attempts) await lifecycle.start(attempt);
    expect(await read(first)).toEqual({ status: 'PROCESSING', finishedAt: null, workerFreeAt: null });
    await lifecycle.complete(attempts[0], { archetype: 'The test' });
    await lifecycle.fail(attempts[1], { code: 'HANDLER_ERROR', message: 'It broke' });
    for (const made of [first, second]) {
      const { finishedAt, workerFreeAt } = await read(made);
      expect(workerFreeAt).toBe(finishedAt);
      expect(workerFreeAt).toEqual(expect.any(String));
    }
    database().excuse(TAKES_NO_TASK);
  });
});

describe('a mutation that comes second in its operation', () => {
  it('shows what the first one did', async () => {
    const { jobId, userId } = await stand(database(), api().lifecycle, 'PROCESSING');
    const other = await makeJob(database().pool, { status: 'CANCELLED', userId });
    const seen = 'job { status result { status job { status } } }';
    const text = `mutation ($id: ID!, $other: ID!) {
      balance: cancelJob(input: { id: $other }) { tokenBalance }
      looked: cancelJobs(input: { ids: [$id], dryRun: true }) { rows { ${seen} } }
      cancelled: cancelJob(input: { id: $id }) { ${seen} tokenBalance }
      balanceAgain: cancelJob(input: { id: $other }) { tokenBalance }
      lookedAgain: cancelJobs(input: { ids: [$id], dryRun: true }) { rows { ${seen} } }
      retried: retryJob(input: { id: $id }) { ${seen} tokenBalance }
    }`;
    const all = (status: string) => ({ status, result: { status, job: { status } } });
    expect(await api().read(user(userId), text, { id: jobId, other: other.jobId })).toEqual({
      balance: { tokenBalance: GRANTED - PRICE },
      looked: { rows: [{ job: all('PROCESSING') }] },
      cancelled: { job: all('CANCELLED'), tokenBalance: GRANTED },
      balanceAgain: { tokenBalance: GRANTED },
      lookedAgain: { rows: [{ job: all('CANCELLED') }] },
      retried: { job: all('QUEUED'), tokenBalance: GRANTED - PRICE },
    });
  });
});
