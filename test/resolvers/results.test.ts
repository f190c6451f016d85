import { graphql } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Viewer } from '../../src/gate/viewer.ts';
import { analyze } from '../../src/kinds/assessment/analysis.ts';
import { respondent } from '../kinds/assessment/respondents.ts';
import { service, statementsOf, useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { type JobOptions, makeAccount, makeCopies, makeJob } from '../support/factory.ts';

const database = useDatabase({
  bent: {
    'round-charged-once': 'many jobs are copies, without entries',
    'events-without-gap': 'many jobs are copies, without events',
    'gone-jobs-leave-one-event': 'a job is taken out by hand',
  },
});
const api = useApi(database);

const REPORT = `{
  archetype shortSummary strengthSummary weaknessSummary learningStyle workEnvironment coreMotivators strengths weaknesses
  careerRecommendation {
    careerName justification relatedMajors
    careerProspect { jobAvailability salaryPotential careerProgression industryGrowth skillDevelopment aiOvertake }
  }
  insights skillSuggestion possiblePitfalls riskTolerance
  roleModel { name title }
  developmentActivities { extracurricular bookRecommendations { title author reason } }
  scores {
    hollandCode differentiation consistency
    virtues { wisdom courage humanity justice temperance transcendence }
    industries { industry score level }
    bands { block dimension score band }
    warnings
  }
  engine { name version inputHash }
}`;

async function makeResult(options: JobOptions) {
  const { jobId, resultId, userId } = await makeJob(database().pool, options);
  return { jobId, resultId: resultId ?? '', owner: user(userId) };
}

const read = async <Result>(viewer: Viewer, id: string, selection: string): Promise<Result> => {
  const text = `query ($id: ID!) { result(id: $id) ${selection} }`;
  return (await api().read<{ result: Result }>(viewer, text, { id })).result;
};

describe('a result', () => {
  it('shows what was submitted and what came out of it', async () => {
    const [testData, testResult] = [
      { given: [1, { a: null }] },
      { archetype: 'Done', deep: { list: [1.5, 'x', null] } },
    ];
    const { resultId, owner } = await makeResult({ status: 'COMPLETED', testData, testResult, name: 'Mine' });
    const selection =
      '{ id status assessmentName testData testResult rawResponses chatbotId isPublic createdAt updatedAt }';
    expect(await read(owner, resultId, selection)).toEqual({
      ...{ id: resultId, status: 'COMPLETED', assessmentName: 'Mine', testData, testResult, rawResponses: null },
      ...{ chatbotId: null, isPublic: false, createdAt: expect.any(String), updatedAt: expect.any(String) },
    });
  });

  it.each([
    ['QUEUED', 'PROCESSING'],
    ['PROCESSING', 'PROCESSING'],
    ['COMPLETED', 'COMPLETED'],
    ['FAILED', 'FAILED'],
    ['CANCELLED', 'FAILED'],
  ] as const)('of a %s job is %s to older clients', async (status, archiveStatus) => {
    const { resultId, owner } = await makeResult({ status });
    expect(await read(owner, resultId, '{ status archiveStatus }')).toEqual({ status, archiveStatus });
  });

  it('whose job is deleted while it is read is NOT_FOUND, and no fault of ours', async () => {
    const { jobId, resultId, owner } = await makeResult({ status: 'COMPLETED' });
    const contextValue = api().contextOf(owner);
    const { job } = contextValue.load;
    const load = async (id: string) => {
      await database().pool.query('delete from analysis_jobs where id = $1', [jobId]);
      return await job.load(id);
    };
    const answer = await graphql({
      schema: api().schema,
      source: `{ result(id: "${resultId}") { id job { id } } }`,
      contextValue: { ...contextValue, load: { ...contextValue.load, job: { load } } },
    });
    expect(answer.data).toEqual({ result: null });
    expect(answer.errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
  });
});

describe('the typed report', () => {
  const input = respondent(40, { realistic: 90, openness: 80, humor: 70 });
  const report = analyze(input);

  it('has every field of what the engine wrote, unchanged', async () => {
    const { resultId, owner } = await makeResult({ status: 'COMPLETED', testData: input, testResult: report });
    const result = await read<{ assessment: unknown; testResult: unknown }>(
      owner,
      resultId,
      `{ testResult assessment ${REPORT} }`,
    );
    expect(result.assessment).toEqual(report);
    expect(result.testResult).toEqual(report);
  });

  it.each(['QUEUED', 'PROCESSING', 'FAILED', 'CANCELLED'] as const)('is null while the job is %s', async (status) => {
    const { resultId, owner } = await makeResult({ status });
    expect(await read(owner, resultId, '{ testResult assessment { archetype } }')).toEqual({
      ...{ testResult: null, assessment: null },
    });
  });

  it('is null for another kind of job', async () => {
    const { resultId, owner } = await makeResult({ status: 'COMPLETED', kind: 'COMPRESS', testResult: report });
    expect(await read(owner, resultId, '{ testResult assessment { archetype } }')).toEqual({
      ...{ testResult: report, assessment: null },
    });
  });
});

describe('the list of results', () => {
  const RESULTS = `query ($first: Int, $after: String) {
    results(first: $first, after: $after) {
      edges { cursor node { id } }
      nodes { id }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      totalCount
    }
  }`;
  interface Results {
    edges: { cursor: string; node: { id: string } }[];
    nodes: { id: string }[];
    pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; endCursor: string | null };
    totalCount: number | null;
  }
  const list = async (viewer: Viewer, variables = {}) =>
    (await api().read<{ results: Results }>(viewer, RESULTS, variables)).results;

  let owner: Viewer;
  let newestFirst: { id: string }[];
  beforeAll(async () => {
    const userId = await makeAccount(database().pool, { balance: 10 });
    owner = user(userId);
    const made = [];
    for (const createdAt of [500, 400, 300, 200, 100]) {
      made.push(await makeResult({ status: createdAt === 300 ? 'FAILED' : 'COMPLETED', userId, createdAt }));
    }
    await makeJob(database().pool, { status: 'COMPLETED', userId, deleted: true });
    newestFirst = made.map(({ resultId }) => ({ id: resultId })).reverse();
  });

  it('has those of the viewer, newest first, and none of deleted jobs', async () => {
    const { nodes, edges, totalCount, pageInfo } = await list(owner);
    expect(nodes).toEqual(newestFirst);
    expect(edges.map(({ node }) => node)).toEqual(newestFirst);
    expect([totalCount, pageInfo.hasNextPage, pageInfo.hasPreviousPage]).toEqual([5, false, false]);
    expect((await list(user())).nodes).toEqual([]);
  });

  it('has everyone’s for a service', async () => {
    const { rows } = await database().pool.query('select id from analysis_results order by id desc limit 100');
    expect((await list(service('jobs:read'), { first: 100 })).nodes).toEqual(rows);
  });

  it('is walked page by page', async () => {
    const first = await list(owner, { first: 2 });
    expect([first.nodes, first.pageInfo.hasNextPage]).toEqual([newestFirst.slice(0, 2), true]);
    const second = await list(owner, { first: 2, after: first.pageInfo.endCursor });
    expect([second.nodes, second.pageInfo]).toEqual([
      newestFirst.slice(2, 4),
      expect.objectContaining({ hasNextPage: true, hasPreviousPage: true }),
    ]);
    const third = await list(owner, { first: 2, after: second.pageInfo.endCursor });
    expect([third.nodes, third.pageInfo.hasNextPage]).toEqual([newestFirst.slice(4), false]);
  });

  it.each([
    [{ first: -1 }, ['first']],
    [{ first: 101 }, ['first']],
    [{ after: 'x' }, ['after']],
    [{ after: Buffer.from('job:0198c0de-0000-7000-8000-000000000001').toString('base64url') }, ['after']],
  ])('is refused for %j', async (variables, path) => {
    const { errors } = await api().ask(owner, RESULTS, variables);
    expect(errors).toMatchObject([{ code: 'BAD_USER_INPUT', details: [{ path }] }]);
  });

  it('counts to 1,000, when it is asked to, and without reading what the results hold', async () => {
    const userId = await makeAccount(database().pool);
    const first = await makeJob(database().pool, { status: 'COMPLETED', userId });
    await makeCopies(database().pool, first, 999);
    const viewer = user(userId);
    expect(await list(viewer, { first: 1 })).toMatchObject({ totalCount: 1_000 });
    await makeCopies(database().pool, first, 1);
    expect(await list(viewer, { first: 1 })).toMatchObject({ totalCount: null });
    const [, counting, ...more] = await statementsOf(() => list(viewer, { first: 1 }));
    expect(counting).not.toMatch(/test_data|\*/);
    expect(more).toEqual([]);
    const uncounted = await statementsOf(() => api().read(viewer, '{ results { nodes { id } } }'));
    expect(uncounted).toHaveLength(1);
  });

  it('takes as many statements for a hundred as for one', async () => {
    const userId = await makeAccount(database().pool);
    await makeCopies(database().pool, await makeJob(database().pool, { status: 'COMPLETED', userId }), 99);
    const text =
      'query ($first: Int) { results(first: $first) { nodes { archiveStatus job { id } assessment { __typename } } } }';
    const count = async (first: number) => (await statementsOf(() => api().read(user(userId), text, { first }))).length;
    expect([await count(1), await count(100)]).toEqual([2, 2]);
  });
});
