import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Viewer } from '../../src/gate/viewer.ts';
import { service, useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { type MadeJob, makeJob } from '../support/factory.ts';

const database = useDatabase();
const api = useApi(database);

interface Lookup {
  text: string;
  typename: string;
  idOf: (made: MadeJob) => string;
}

const lookup = (field: string, typename: string, idOf: Lookup['idOf']): [string, Lookup] => [
  `${field} of a ${typename}`,
  { text: `query ($id: ID!) { found: ${field}(id: $id) { __typename id } }`, typename, idOf },
];

describe.each([
  lookup('job', 'Job', ({ jobId }) => jobId),
  lookup('result', 'Result', ({ resultId }) => resultId ?? ''),
  lookup('node', 'Job', ({ jobId }) => jobId),
  lookup('node', 'Result', ({ resultId }) => resultId ?? ''),
])('%s', (_, { text, typename, idOf }) => {
  const ask = (viewer: Viewer, id: string) => api().ask<{ found: unknown }>(viewer, text, { id });

  it('is given to its owner, the id in capitals too', async () => {
    const made = await makeJob(database().pool, { status: 'QUEUED' });
    const expected = { data: { found: { __typename: typename, id: idOf(made) } }, errors: [] };
    expect(await ask(user(made.userId), idOf(made))).toEqual(expected);
    expect(await ask(user(made.userId), idOf(made).toUpperCase())).toEqual(expected);
  });

  it('of another user looks like one that is not there', async () => {
    const made = await makeJob(database().pool, { status: 'QUEUED' });
    const nothing = { data: { found: null }, errors: [] };
    expect(await ask(user(), idOf(made))).toEqual(nothing);
    expect(await ask(user(made.userId), randomUUID())).toEqual(nothing);
    expect(await ask(service('jobs:read'), randomUUID())).toEqual(nothing);
  });

  it.each(['', 'x', '1', '%', "' or true --", 'a\u0000b', randomUUID().slice(1), `{${randomUUID()}}`, 'é'.repeat(128)])(
    'by the malformed id %j is nothing',
    async (id) => {
      expect(await ask(user(), id)).toEqual({ data: { found: null }, errors: [] });
    },
  );

  it('by an id of more than 128 characters is refused', async () => {
    const { data, errors } = await ask(user(), 'x'.repeat(129));
    expect(data).toEqual({ found: null });
    expect(errors).toMatchObject([{ code: 'BAD_USER_INPUT', path: ['found'], details: [{ path: ['id'] }] }]);
  });

  it('is given to a service that may read, and to no other', async () => {
    const made = await makeJob(database().pool, { status: 'QUEUED' });
    expect((await ask(service('jobs:read'), idOf(made))).data).toEqual({
      found: { __typename: typename, id: idOf(made) },
    });
    const { data, errors } = await ask(service('jobs:manage', 'jobs:repair', 'tokens:grant'), idOf(made));
    expect([data, errors.map(({ code }) => code)]).toEqual([{ found: null }, ['FORBIDDEN']]);
    // One that runs syncs may read those, and of this it hears that it is not there.
    expect(await ask(service('jobs:manage', 'sync:run'), idOf(made))).toEqual({ data: { found: null }, errors: [] });
  });
});

describe('a job and the result that goes with it', () => {
  it('point at each other, and neither is the other’s id', async () => {
    const { jobId, resultId, userId } = await makeJob(database().pool, { status: 'COMPLETED' });
    const text = `query ($jobId: ID!, $resultId: ID!) {
      job(id: $jobId) { resultId result { id job { id } } }
      result(id: $resultId) { job { id resultId } }
      noJob: job(id: $resultId) { id }
      noResult: result(id: $jobId) { id }
    }`;
    expect(await api().read(user(userId), text, { jobId, resultId })).toEqual({
      job: { resultId, result: { id: resultId, job: { id: jobId } } },
      result: { job: { id: jobId, resultId } },
      noJob: null,
      noResult: null,
    });
  });

  it('part with a delete: the tombstone stays and points at nothing', async () => {
    const { jobId, userId } = await makeJob(database().pool, { status: 'COMPLETED', deleted: true });
    const text = '{ job(id: "ID") { status deletedAt resultId result { id } } }'.replace('ID', jobId);
    expect(await api().read(user(userId), text)).toEqual({
      job: { status: 'CANCELLED', deletedAt: expect.any(String), resultId: null, result: null },
    });
  });
});
