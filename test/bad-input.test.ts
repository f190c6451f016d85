import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config.ts';
import { signUserToken } from '../src/gate/user-tokens.ts';
import { createLog } from '../src/log.ts';
import { type RunningApi, startApi } from '../src/server.ts';
import { readAllRows } from './lifecycle/rows.ts';
import { useDatabase } from './support/database.ts';
import { sampleInput } from './support/respondents.ts';

const secret = 'a secret of more than thirty-two bytes';
const CANARY = 'CANARY';
const SUBMIT = `mutation ($input: SubmitAssessmentInput!) {
  submitAssessment(input: $input) { job { id } tokenBalance userErrors { __typename code message field } }
}`;

const database = useDatabase();
let api: RunningApi;
let token: string;
beforeAll(async () => {
  const log = createLog({ level: 'silent' });
  api = await startApi({ config: loadConfig({ DATABASE_URL: database().url, JWT_SECRET: secret, PORT: '0' }), log });
  token = await signUserToken({ secret, sub: randomUUID(), ttlSeconds: 600 });
  await post(JSON.stringify({ query: '{ viewer { tokenBalance } }' })); // the account is there before anything is compared
});
afterAll(() => api.stop());

async function post(body: string, accept = 'application/graphql-response+json') {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept };
  const response = await fetch(`${api.url}/graphql`, { method: 'POST', headers, body });
  const text = await response.text();
  expect(response.headers.get('content-type')).toContain('json');
  expect(text).not.toMatch(/<html|<pre|node_modules|\.ts:|\.js:|stack|CANARY|Did you mean/);
  return { status: response.status, body: JSON.parse(text) as { data?: unknown; errors?: unknown[] } };
}

type Input = { riasec: Record<string, unknown>; viaIs: Record<string, unknown> } & Record<string, unknown>;

function inputWith(edit: (input: Input) => void): string {
  const input = sampleInput() as Input;
  edit(input);
  return JSON.stringify({ query: SUBMIT, variables: { input } });
}

/** Whatever is wrong with the input, the database is afterwards as it was before. */
async function leavesNothing<T>(act: () => Promise<T>): Promise<T> {
  const before = await readAllRows(database().pool);
  const answer = await act();
  expect(await readAllRows(database().pool)).toEqual(before);
  return answer;
}

describe('an input of the wrong shape', () => {
  const shapes: [string, (input: Input) => void, (string | number)[]][] = [
    ['a strength is missing', ({ viaIs }) => delete viaIs.zest, ['input', 'viaIs', 'zest']],
    ['a score is 3.5', ({ riasec }) => (riasec.social = 3.5), ['input', 'riasec', 'social']],
    ['a score is a text', ({ riasec }) => (riasec.social = CANARY), ['input', 'riasec', 'social']],
    ['a score is null', ({ riasec }) => (riasec.social = null), ['input', 'riasec', 'social']],
    ['there is a field that is not known', ({ riasec }) => (riasec.unheard = 1), ['input', 'riasec', 'unheard']],
  ];
  it.each(shapes)('is refused with its path where %s', async (_what, edit, path) => {
    const { status, body } = await leavesNothing(() => post(inputWith(edit)));
    expect(status).toBe(400);
    expect(body.errors).toEqual([
      expect.objectContaining({
        extensions: expect.objectContaining({
          code: 'BAD_USER_INPUT',
          details: [{ path, rule: expect.any(String) }],
        }),
      }),
    ]);
  });

  it('answers 200 to a client that takes only application/json', async () => {
    const body = inputWith(({ riasec }) => (riasec.social = 3.5));
    expect(await post(body, 'application/json')).toMatchObject({
      status: 200,
      body: { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] },
    });
  });
});

describe('an input of the wrong content', () => {
  const answers = (questionId: string) => ({ ocean: [{ questionId, value: 3 }] });
  const contents: [string, (input: Input) => void, string[]][] = [
    ['a score is 101', ({ riasec }) => (riasec.social = 101), ['input', 'riasec', 'social']],
    ['a score is -1', ({ viaIs }) => (viaIs.zest = -1), ['input', 'viaIs', 'zest']],
    [
      'a questionId has a space',
      (input) => (input.rawResponses = answers(`OCEAN ${CANARY}`)),
      ['input', 'rawResponses', 'ocean', '0', 'questionId'],
    ],
  ];
  it.each(contents)('is a user error with its path where %s', async (_what, edit, field) => {
    const { status, body } = await leavesNothing(() => post(inputWith(edit)));
    expect(status).toBe(200);
    expect(body.data).toEqual({
      submitAssessment: {
        job: null,
        tokenBalance: null,
        userErrors: [{ __typename: 'SimpleError', code: 'INVALID_INPUT', message: expect.any(String), field }],
      },
    });
  });
});

describe('a body that is no request', () => {
  const bodies: [string, () => string, number, string][] = [
    ['is broken JSON', () => `{"query": "${CANARY}`, 400, 'BAD_REQUEST'],
    ['has NaN', () => inputWith(() => undefined).replace(/"realistic":\d+/, '"realistic":NaN'), 400, 'BAD_REQUEST'],
    ['has 2 MB', () => inputWith((input) => (input.rawResponses = 'x'.repeat(2_000_000))), 413, 'PAYLOAD_TOO_LARGE'],
  ];
  it.each(bodies)('that %s is refused in the form of every error', async (_what, body, status, code) => {
    const answer = await leavesNothing(() => post(body()));
    expect(answer).toMatchObject({ status, body: { errors: [{ message: expect.any(String), extensions: { code } }] } });
  });
});
