import { expect, it } from 'vitest';
import { respondent } from '../kinds/assessment/respondents.ts';
import { useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { makeAccount, makeJob } from '../support/factory.ts';

const database = useDatabase();
const api = useApi(database, { queuedPerUser: 2 });

const ERRORS = 'userErrors { __typename code message field ... on RateLimited { retryAfterSeconds } }';
const SUBMIT = `mutation ($rows: [SubmitAssessmentInput!]!) {
  submitAssessments(input: { rows: $rows }) { submitted rows { job { status } ${ERRORS} } userErrors { code } }
}`;
const RETRY = `mutation ($id: ID!) { retryJob(input: { id: $id }) { job { id } ${ERRORS} } }`;

const full = {
  ...{ __typename: 'RateLimited', code: 'QUEUE_LIMIT_REACHED', field: null, retryAfterSeconds: 10 },
  message: 'Too many of your jobs wait: more can be queued when some of them have started',
};

it('a row of a batch for which the queue has no room says so, and after how long to ask again', async () => {
  const viewer = user(await makeAccount(database().pool, { balance: 5 }));
  const rows = Array.from({ length: 3 }, () => respondent(50));
  expect(await api().read(viewer, SUBMIT, { rows })).toEqual({
    submitAssessments: {
      submitted: 2,
      rows: [
        ...Array.from({ length: 2 }, () => ({ job: { status: 'QUEUED' }, userErrors: [] })),
        { job: null, userErrors: [full] },
      ],
      userErrors: [],
    },
  });
});

it('a retry for which the queue has no room says so too', async () => {
  const { pool } = database();
  const userId = await makeAccount(pool, { balance: 5 });
  for (const _ of [1, 2]) await makeJob(pool, { status: 'QUEUED', userId, price: 0 });
  const { jobId } = await makeJob(pool, { status: 'FAILED', userId });
  expect(await api().read(user(userId), RETRY, { id: jobId })).toEqual({ retryJob: { job: null, userErrors: [full] } });
});
