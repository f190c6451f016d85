import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { service, useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { type MadeJob, makeJob } from '../support/factory.ts';

// The first wall is taken away: every read asks for the rows of everybody, as if its predicate had been forgotten.
vi.mock('../../src/resolvers/ownership.ts', () => ({ ownedBy: () => ({}), readableBy: () => ({}) }));
vi.mock('../../src/gate/authorization.ts', async (load) => ({
  ...(await load<object>()),
  scopeOf: () => 'any owner',
  readScopeOf: () => 'any owner',
}));

const database = useDatabase();
const api = useApi(database);

let job: MadeJob;
beforeAll(async () => {
  job = await makeJob(database().pool, { status: 'COMPLETED', price: 3 });
});

/** Everything that a user can ask of what belongs to users, by the ids of somebody's job. */
const READS: Record<string, string> = {
  job: '{ job(id: "JOB") { id name files { name } events { nodes { seq } } result { id } } }',
  'job as a node': '{ node(id: "JOB") { id } }',
  jobs: '{ jobs { totalCount nodes { id events { nodes { seq } } result { id } } } }',
  'jobs by a filter': '{ jobs(filter: { status: [COMPLETED] }) { nodes { id } } }',
  jobStats: '{ jobStats { total completed } }',
  result: '{ result(id: "RESULT") { id testData job { id } } }',
  'result as a node': '{ node(id: "RESULT") { id } }',
  results: '{ results { totalCount nodes { id testResult } } }',
};

const ask = async (viewer: Parameters<ReturnType<typeof api>['ask']>[0], text: string) => {
  const { data, errors } = await api().ask(
    viewer,
    text.replace('JOB', job.jobId).replace('RESULT', job.resultId ?? ''),
  );
  expect(errors).toEqual([]);
  return JSON.stringify(data);
};

describe('without any predicate of ours', () => {
  it.each(Object.entries(READS))('%s is the owner’s still, and nobody else’s', async (_name, text) => {
    const nobodys = await ask(user(randomUUID()), text.replace('JOB', randomUUID()).replace('RESULT', randomUUID()));
    expect(await ask(user(), text)).toBe(nobodys);
    expect(await ask(user(job.userId), text)).not.toBe(nobodys);
    // A service goes by its scopes alone, so it shows that the predicate is gone indeed.
    expect(await ask(service('jobs:read'), text)).toBe(await ask(user(job.userId), text));
  });

  it('a job that is counted by place is counted over everybody’s', async () => {
    const first = await makeJob(database().pool, { status: 'QUEUED', priority: -5 });
    const second = await makeJob(database().pool, { status: 'QUEUED' });
    const place = '{ jobs { nodes { queue { position } } } }';
    expect(await ask(user(first.userId), place)).toBe('{"jobs":{"nodes":[{"queue":{"position":1}}]}}');
    expect(await ask(user(second.userId), place)).toBe('{"jobs":{"nodes":[{"queue":{"position":2}}]}}');
  });
});
