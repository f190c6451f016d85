import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Viewer } from '../../src/gate/viewer.ts';
import { analyze } from '../../src/kinds/assessment/analysis.ts';
import { respondent } from '../kinds/assessment/respondents.ts';
import { service, useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { type JobOptions, makeJob } from '../support/factory.ts';
import { STANDINGS, type Standing, stand } from './standings.ts';
import { leavesNothing } from './unchanged.ts';

const database = useDatabase();
const api = useApi(database);

const RESULT = `result { id isPublic shareUrl }
  userErrors { __typename code message field ... on InvalidMove { status allowed } }`;
const VERBS = {
  shareResult: `mutation ($id: ID!) { done: shareResult(input: { id: $id }) { ${RESULT} } }`,
  unshareResult: `mutation ($id: ID!) { done: unshareResult(input: { id: $id }) { ${RESULT} } }`,
};
type Verb = keyof typeof VERBS;
const verbs = Object.keys(VERBS) as Verb[];

interface Payload {
  result: { id: string; isPublic: boolean; shareUrl: string | null } | null;
  userErrors: Record<string, unknown>[];
}

const act = async (verb: Verb, viewer: Viewer, id: string): Promise<Payload> =>
  (await api().read<{ done: Payload }>(viewer, VERBS[verb], { id })).done;

const SHARED = `query ($token: String!) {
  sharedResult(token: $token) { assessmentName testResult assessment { archetype } createdAt }
}`;
const open = async (token: string, viewer: Viewer | null = null): Promise<Record<string, unknown> | null> => {
  const { data, errors } = await api().ask<{ sharedResult: Record<string, unknown> | null }>(viewer, SHARED, { token });
  expect(errors).toEqual([]);
  return data?.sharedResult ?? null;
};

const tokenIn = (url: string | null | undefined) =>
  /^http:\/\/assay\.test\/share\/([\w-]{64})$/.exec(url ?? '')?.[1] ?? '';

async function make(options: JobOptions = { status: 'COMPLETED' }) {
  const made = await makeJob(database().pool, options);
  return { ...made, resultId: made.resultId ?? '', owner: user(made.userId) };
}

async function makeShared(options?: JobOptions) {
  const made = await make(options);
  const { result } = await act('shareResult', made.owner, made.resultId);
  return { ...made, url: result?.shareUrl, token: tokenIn(result?.shareUrl) };
}

const NOT_FOUND = {
  result: null,
  userErrors: [
    { __typename: 'SimpleError', code: 'NOT_FOUND', message: 'There is nothing with this id', field: ['input', 'id'] },
  ],
};
const refusedMove = (code: string, message: string, status: string, allowed: string[]) => ({
  result: null,
  userErrors: [{ __typename: 'InvalidMove', code, message, field: null, status, allowed }],
});
const active = (status: string) =>
  refusedMove('JOB_ACTIVE', 'The job is still active', status, ['CANCEL', 'FORCE_DELETE']);
const ended = (status: string) =>
  refusedMove('JOB_FINISHED', 'The job ended without an answer', status, ['DELETE', 'FORCE_DELETE', 'RETRY']);

/** What the owner is answered who shares; null where it is done. */
const OUTCOMES: Record<Standing, Payload | null> = {
  QUEUED: active('QUEUED'),
  'QUEUED after an attempt': active('QUEUED'),
  PROCESSING: active('PROCESSING'),
  COMPLETED: null,
  FAILED: ended('FAILED'),
  'FAILED with its thread running': ended('FAILED'),
  CANCELLED: ended('CANCELLED'),
  'CANCELLED with its thread running': ended('CANCELLED'),
  'a tombstone': NOT_FOUND,
  absent: NOT_FOUND,
  malformed: NOT_FOUND,
};

describe.each(STANDINGS)('a result whose job is %s', (standing) => {
  it('is shared by its owner, or refused with the reason', async () => {
    const { userId, resultId } = await stand(database(), api().lifecycle, standing);
    const refusal = OUTCOMES[standing];
    if (refusal) {
      await leavesNothing(database().pool, async () => {
        expect(await act('shareResult', user(userId), resultId)).toEqual(refusal);
      });
      return;
    }
    const done = { result: { id: resultId, isPublic: true, shareUrl: expect.any(String) }, userErrors: [] };
    const first = await act('shareResult', user(userId), resultId);
    expect(first).toEqual(done);
    expect(await act('shareResult', user(userId), resultId.toUpperCase())).toEqual(first);
    expect(await open(tokenIn(first.result?.shareUrl))).not.toBeNull();
  });

  it('is closed by its owner also where it was never open, and writes nothing then', async () => {
    const { userId, resultId } = await stand(database(), api().lifecycle, standing);
    const isThere = OUTCOMES[standing] !== NOT_FOUND;
    await leavesNothing(database().pool, async () => {
      const closed = { result: { id: resultId, isPublic: false, shareUrl: null }, userErrors: [] };
      expect(await act('unshareResult', user(userId), resultId)).toEqual(isThere ? closed : NOT_FOUND);
    });
  });
});

describe.each(verbs)('%s', (verb) => {
  it('is closed to everybody else', async () => {
    const { resultId, token } = await makeShared();
    const closed = await make();
    await leavesNothing(database().pool, async () => {
      for (const id of [resultId, closed.resultId]) {
        expect(await act(verb, user(), id)).toEqual(NOT_FOUND);
        const byService = await api().ask(service('jobs:read', 'jobs:manage', 'jobs:repair'), VERBS[verb], { id });
        expect(byService.errors).toMatchObject([{ code: 'FORBIDDEN' }]);
        expect((await api().ask(null, VERBS[verb], { id })).errors).toMatchObject([{ code: 'UNAUTHENTICATED' }]);
      }
    });
    expect(await open(token)).not.toBeNull();
  });

  it('refuses an id that no honest client sends', async () => {
    const { errors } = await api().ask(user(), VERBS[verb], { id: 'x'.repeat(129) });
    expect(errors).toMatchObject([{ code: 'BAD_USER_INPUT', details: [{ path: ['input', 'id'] }] }]);
  });
});

describe('the link', () => {
  const READ = 'query ($id: ID!) { result(id: $id) { isPublic shareUrl } }';
  const read = async (viewer: Viewer, id: string) =>
    (await api().read<{ result: unknown }>(viewer, READ, { id })).result;

  it('is shown to its owner as long as it is open, and never to a service', async () => {
    const { resultId, owner, url } = await makeShared();
    expect(await read(owner, resultId)).toEqual({ isPublic: true, shareUrl: url });
    expect(await read(service('jobs:read', 'jobs:manage'), resultId)).toEqual({ isPublic: true, shareUrl: null });
    expect(await read(user(), resultId)).toBeNull();
    await act('unshareResult', owner, resultId);
    expect(await read(owner, resultId)).toEqual({ isPublic: false, shareUrl: null });
  });

  it('that is closed opens nothing ever again, while the next one does', async () => {
    const { resultId, owner, token } = await makeShared();
    await act('unshareResult', owner, resultId);
    expect(await open(token)).toBeNull();
    const { result } = await act('shareResult', owner, resultId);
    expect(tokenIn(result?.shareUrl)).not.toBe(token);
    expect(await open(token)).toBeNull();
    expect(await open(tokenIn(result?.shareUrl))).not.toBeNull();
  });

  it.each([
    ['deleteJob', 'mutation ($id: ID!) { deleteJob(input: { id: $id }) { deletedJobId } }'],
    ['deleteJob by force', 'mutation ($id: ID!) { deleteJob(input: { id: $id, force: true }) { deletedJobId } }'],
    ['deleteResult', 'mutation ($id: ID!) { deleteResult(input: { id: $id }) { deletedJobId } }'],
  ])('is dead after %s', async (verb, text) => {
    const { jobId, resultId, owner, token } = await makeShared();
    await api().read(owner, text, { id: verb === 'deleteResult' ? resultId : jobId });
    expect(await open(token)).toBeNull();
  });

  it('cannot be made from what the database knows', async () => {
    const { jobId, token } = await makeShared();
    const { rows } = await database().pool.query('select * from analysis_results where job_id = $1', [jobId]);
    expect(JSON.stringify(rows)).not.toContain(token);
    const id = Buffer.from(rows[0].share_id.replaceAll('-', ''), 'hex');
    expect(await open(Buffer.concat([id, Buffer.alloc(32)]).toString('base64url'))).toBeNull();
  });
});

describe('what a link opens', () => {
  const input = respondent(40, { realistic: 90, openness: 80, humor: 70 });
  const report = analyze(input);

  it('is the answer, for whoever asks', async () => {
    const { token } = await makeShared({ status: 'COMPLETED', testData: input, testResult: report, name: 'Mine' });
    const shown = {
      ...{ assessmentName: 'Mine', testResult: report, createdAt: expect.any(String) },
      assessment: { archetype: report.archetype },
    };
    for (const viewer of [null, user(), service()]) expect(await open(token, viewer)).toEqual(shown);
  });

  it('has no typed report for another kind of job', async () => {
    const { token } = await makeShared({ status: 'COMPLETED', kind: 'COMPRESS', testResult: { ratio: 0.5 } });
    expect(await open(token)).toMatchObject({ testResult: { ratio: 0.5 }, assessment: null });
  });

  it('tells nothing of whose it is, of which job, or of what was submitted', async () => {
    const { pool } = database();
    const [given, answered] = [`given-${randomUUID()}`, `answered-${randomUUID()}`];
    const made = await make({ status: 'COMPLETED', testData: { given }, testResult: { archetype: 'Open' } });
    await pool.query('update analysis_results set raw_responses = $2 where job_id = $1', [
      made.jobId,
      JSON.stringify({ ocean: [answered] }),
    ]);
    const { result } = await act('shareResult', made.owner, made.resultId);
    const view = await open(tokenIn(result?.shareUrl));
    expect(Object.keys(view ?? {}).sort()).toEqual(['assessment', 'assessmentName', 'createdAt', 'testResult']);
    const text = JSON.stringify(view);
    expect(text).toContain('Open');
    for (const secret of [given, answered, made.userId, made.jobId, made.resultId]) expect(text).not.toContain(secret);
  });

  it.each([
    ['nothing', ''],
    ['an id', randomUUID()],
    ['a token of nobody', 'A'.repeat(64)],
    ['letters without end', 'A'.repeat(100_000)],
    ['letters of another alphabet', '\u0000\u202eé'.repeat(16)],
    ['a path', '../../etc/passwd'],
  ])('is null for %s', async (_what, token) => {
    expect(await open(token)).toBeNull();
  });
});
