import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { JobStatus } from '../../src/entities/job-status.ts';
import { INDUSTRIES, VIA_IS } from '../../src/kinds/assessment/dimensions.ts';
import type { AnyUserError } from '../../src/schema/user-error.ts';
import { respondent } from '../kinds/assessment/respondents.ts';
import { nextAttempt } from '../lifecycle/lifecycles.ts';
import { readBalance, readJob } from '../lifecycle/rows.ts';
import { STARTING_TOKENS, service, useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { makeAccount } from '../support/factory.ts';
import { leavesNothing } from './unchanged.ts';

const database = useDatabase({
  bent: {
    'runnable-task-has-waiting-job': 'jobs are started here without a worker, which would have taken their tasks',
  },
});
const api = useApi(database);
const apiWithModel = useApi(database, { languageModel: true });

const FIELDS = `
  fragment payload on SubmitPayload {
    job { id userId kind name status seq round attempt priority tokenCost resultId createdAt }
    replayed
    tokenBalance
    userErrors {
      __typename code message field
      ... on InsufficientTokens { required available }
    }
  }`;
const ONE = `mutation ($input: SubmitAssessmentInput!) { submitAssessment(input: $input) { ...payload } } ${FIELDS}`;
const MANY = `
  mutation ($input: SubmitAssessmentsInput!) {
    submitAssessments(input: $input) { rows { ...payload } submitted tokenBalance userErrors { code message field } }
  }
  ${FIELDS}`;

interface Payload {
  job: { id: string; status: JobStatus; priority: number; resultId: string; createdAt: string } | null;
  replayed: boolean;
  tokenBalance: number | null;
  userErrors: (AnyUserError & { __typename: string })[];
}

interface ManyPayload extends Pick<Payload, 'tokenBalance' | 'userErrors'> {
  rows: Payload[];
  submitted: number;
}

type Input = Record<string, unknown>;

async function submit(userId: string, input: Input, tier?: string): Promise<Payload> {
  const { submitAssessment } = await api().read<{ submitAssessment: Payload }>(user(userId, tier), ONE, { input });
  return submitAssessment;
}

async function submitMany(userId: string, rows: Input[]): Promise<ManyPayload> {
  const variables = { input: { rows } };
  const { submitAssessments } = await api().read<{ submitAssessments: ManyPayload }>(user(userId), MANY, variables);
  return submitAssessments;
}

/** Scores that pass, with some blocks changed. */
const scores = (changes: { [block: string]: unknown } = {}): Input => ({ ...respondent(50), ...changes });

const industries = (score: number) => Object.fromEntries(INDUSTRIES.map((name) => [name, score]));

const withScore = (block: 'riasec' | 'ocean' | 'viaIs', dimension: string, value: number): Input => {
  const input = respondent(50);
  return { ...input, [block]: { ...input[block], [dimension]: value } };
};

const answers = (...given: unknown[]) => scores({ rawResponses: { riasec: given } });

const nothingIsStored = (act: () => Promise<void>) => leavesNothing(database().pool, act);

const codes = ({ userErrors }: Pick<Payload, 'userErrors'>) => userErrors.map(({ code }) => code);

describe('submitAssessment', () => {
  it('stores the input, charges its price and queues the job', async () => {
    const userId = await makeAccount(database().pool, { balance: 5 });
    const rawResponses = { riasec: [{ questionId: 'R_1', value: 40, weight: 2, meta: { page: 1 } }] };
    const payload = await submit(userId, { ...scores(), rawResponses, idempotencyKey: 'first' });
    expect(payload).toEqual({
      job: {
        ...{ id: expect.any(String), userId, kind: 'ASSESSMENT', name: 'AI-Driven Talent Mapping', status: 'QUEUED' },
        ...{ seq: 1, round: 1, attempt: 0, priority: 0, tokenCost: 1 },
        ...{ resultId: expect.any(String), createdAt: expect.any(String) },
      },
      replayed: false,
      tokenBalance: 4,
      userErrors: [],
    });

    const stored = await readJob(database().pool, payload.job?.id ?? '');
    expect(stored.job).toMatchObject({ max_attempts: 3, requested_by: 'user', price: 1 });
    expect(stored.result).toMatchObject({ test_data: respondent(50), raw_responses: rawResponses, test_result: null });
    expect(stored.ledger).toMatchObject([{ entry: 'CHARGE', amount: -1, balance: 4 }]);
    expect(stored.events).toMatchObject([{ type: 'QUEUED', token_balance: 4 }]);
    expect(stored.tasks).toMatchObject([{ payload: { jobId: payload.job?.id, round: 1, attempt: 1 }, runnable: true }]);
    expect(await readBalance(database().pool, userId)).toBe(4);
  });

  it('opens the account of a user who was never seen', async () => {
    expect(await submit(randomUUID(), scores())).toMatchObject({ tokenBalance: STARTING_TOKENS - 1 });
  });

  it('ranks a job by the tier of its user, and one of an unknown tier as standard', async () => {
    const ranked = ['premium', 'standard', 'no-such-tier', 'constructor'].map(async (tier) => {
      const { job } = await submit(randomUUID(), scores(), tier);
      return job?.priority;
    });
    expect(await Promise.all(ranked)).toEqual([-10, 0, 0, 0]);
  });

  it('takes the supported name by name, by null and by default', async () => {
    const userId = await makeAccount(database().pool);
    for (const named of [{ assessmentName: 'AI-Driven Talent Mapping' }, { assessmentName: null }, {}]) {
      expect(await submit(userId, { ...scores(), ...named })).toMatchObject({ replayed: false, userErrors: [] });
    }
  });
});

describe('a submit with a fault in its content', () => {
  const faults: [string, Input, string[]][] = [
    ['a score of 101', withScore('riasec', 'realistic', 101), ['input', 'riasec', 'realistic']],
    ['a score of -1', withScore('viaIs', 'humor', -1), ['input', 'viaIs', 'humor']],
    [
      'an industry score of 101',
      scores({ industryScore: { ...industries(50), hukum: 101 } }),
      ['input', 'industryScore', 'hukum'],
    ],
    ['answers that are no object', scores({ rawResponses: [] }), ['input', 'rawResponses']],
    ['an instrument that is no list', scores({ rawResponses: { ocean: 1 } }), ['input', 'rawResponses', 'ocean']],
    [
      'a questionId with a space',
      answers({ questionId: 'R 1', value: 1 }),
      ['input', 'rawResponses', 'riasec', '0', 'questionId'],
    ],
    [
      'a text of 1,001 characters',
      answers({ questionId: 'R1', value: 1 }, { questionId: 'R2', value: 'x'.repeat(1_001) }),
      ['input', 'rawResponses', 'riasec', '1', 'value'],
    ],
    ['an answer without a questionId', answers({ value: 1 }), ['input', 'rawResponses', 'riasec', '0', 'questionId']],
    [
      'an answer with an unknown field',
      answers({ questionId: 'R1', value: 1, status: 'COMPLETED' }),
      ['input', 'rawResponses', 'riasec', '0'],
    ],
    ['an empty idempotency key', scores({ idempotencyKey: '' }), ['input', 'idempotencyKey']],
    ['an idempotency key of 256 characters', scores({ idempotencyKey: 'k'.repeat(256) }), ['input', 'idempotencyKey']],
    ['an idempotency key of 1 MB', scores({ idempotencyKey: 'k'.repeat(1_000_000) }), ['input', 'idempotencyKey']],
    ['a control character in the key', scores({ idempotencyKey: 'a\u0007b' }), ['input', 'idempotencyKey']],
    ['U+0000 in the key', scores({ idempotencyKey: 'a\u0000b' }), ['input', 'idempotencyKey']],
    ['half a surrogate pair in the key', scores({ idempotencyKey: 'a\ud800' }), ['input', 'idempotencyKey']],
  ];

  it.each(faults)('is refused for %s with the way to it, and leaves nothing', async (_, input, field) => {
    const userId = await makeAccount(database().pool);
    await nothingIsStored(async () => {
      expect(await submit(userId, input)).toEqual({
        job: null,
        replayed: false,
        tokenBalance: null,
        userErrors: [{ __typename: 'SimpleError', code: 'INVALID_INPUT', message: expect.any(String), field }],
      });
    });
  });

  it('is told all its faults at once, those of the key among them', async () => {
    const input = { ...withScore('ocean', 'openness', 101), idempotencyKey: '' };
    const { userErrors } = await submit(randomUUID(), input);
    expect(userErrors).toMatchObject([
      { field: ['input', 'ocean', 'openness'], message: 'openness must be at most 100' },
      { field: ['input', 'idempotencyKey'], message: 'idempotencyKey must be 1 to 255 printable characters' },
    ]);
  });

  it('is told twenty faults and no more', async () => {
    const viaIs = Object.fromEntries(VIA_IS.map((name) => [name, 101]));
    const { userErrors } = await submit(randomUUID(), scores({ viaIs }));
    expect(userErrors.map(({ field }) => field)).toEqual(VIA_IS.slice(0, 20).map((name) => ['input', 'viaIs', name]));
  });

  it('names an entry of a list by its list', async () => {
    const { userErrors } = await submit(randomUUID(), answers(5));
    expect(userErrors).toMatchObject([
      { field: ['input', 'rawResponses', 'riasec', '0'], message: 'riasec[0] must be an object' },
    ]);
  });

  it('does not get long names of its own making back', async () => {
    const { userErrors } = await submit(randomUUID(), scores({ rawResponses: { ['no!'.repeat(10_000)]: [] } }));
    expect(codes({ userErrors })).toEqual(['INVALID_INPUT']);
    expect(JSON.stringify(userErrors).length).toBeLessThan(1_000);
  });
});

describe('a submit of the wrong shape', () => {
  it.each([
    ['a score of 3.5', withScore('riasec', 'realistic', 3.5)],
    ['a score as text', scores({ ocean: { ...respondent(50).ocean, openness: '50' } })],
    ['a missing score', scores({ ocean: {} })],
    ['a field of the job', scores({ status: 'COMPLETED' })],
    ['a price', scores({ price: 0 })],
    ['another user', scores({ userId: randomUUID() })],
    ['a key that reaches a prototype', scores({ rawResponses: JSON.parse('{"__proto__": {"polluted": 1}}') })],
  ])('is refused as a whole for %s, and leaves nothing', async (_, input) => {
    const owner = await makeAccount(database().pool);
    await nothingIsStored(async () => {
      const { data, errors } = await api().ask(user(owner), ONE, { input });
      expect([data, errors.length > 0]).toEqual([null, true]);
    });
  });
});

describe('a submit of an assessment without an engine', () => {
  it.each(['AI-Based IQ Test', 'Custom Assessment', 'ai-driven talent mapping', ''])(
    'is refused before a charge: %j',
    async (assessmentName) => {
      const userId = await makeAccount(database().pool);
      await nothingIsStored(async () => {
        expect(await submit(userId, scores({ assessmentName }))).toMatchObject({
          job: null,
          userErrors: [{ code: 'UNSUPPORTED_ASSESSMENT', field: ['input', 'assessmentName'] }],
        });
      });
    },
  );
});

describe('a submit for the language model', () => {
  const worded = (changes: Input = {}) => scores({ engine: 'LANGUAGE_MODEL', ...changes });

  it('is refused before a charge where there is none, alone and in a batch', async () => {
    const userId = await makeAccount(database().pool);
    await nothingIsStored(async () => {
      expect(await submit(userId, worded())).toMatchObject({
        job: null,
        tokenBalance: null,
        userErrors: [{ code: 'UNSUPPORTED_ASSESSMENT', field: ['input', 'engine'] }],
      });
      expect((await submitMany(userId, [worded()])).rows[0]?.userErrors).toMatchObject([
        { code: 'UNSUPPORTED_ASSESSMENT', field: ['input', 'rows', '0', 'engine'] },
      ]);
    });
  });

  it('is another submit than the one for the rules, which is the one without an engine', async () => {
    const userId = await makeAccount(database().pool);
    const ask = async (input: Input) => {
      const asked = await apiWithModel().read<{ submitAssessment: Payload }>(user(userId), ONE, {
        input: { ...input, idempotencyKey: 'same' },
      });
      return asked.submitAssessment;
    };
    const first = await ask(scores());
    expect(await ask(scores({ engine: 'RULES' }))).toMatchObject({ replayed: true, job: { id: first.job?.id } });
    expect(await ask(scores({ engine: null }))).toMatchObject({ replayed: true, job: { id: first.job?.id } });
    expect(codes(await ask(worded()))).toEqual(['IDEMPOTENCY_KEY_REUSED']);
    const { submitAssessment } = await apiWithModel().read<{ submitAssessment: Payload }>(user(userId), ONE, {
      input: worded(),
    });
    expect(submitAssessment).toMatchObject({ replayed: false, userErrors: [], job: { status: 'QUEUED' } });
  });
});

describe('the checks of a submit', () => {
  it('come in the order content, name, key, balance', async () => {
    const userId = await makeAccount(database().pool, { balance: 1 });
    const first = scores({ idempotencyKey: 'used' });
    expect(codes(await submit(userId, first))).toEqual([]);
    const other = { ...scores({ riasec: respondent(10).riasec }), idempotencyKey: 'used' };
    const assessmentName = 'Custom Assessment';
    const faulty = withScore('ocean', 'openness', -1);
    await nothingIsStored(async () => {
      expect(codes(await submit(userId, { ...faulty, idempotencyKey: 'used', assessmentName }))).toEqual([
        'INVALID_INPUT',
      ]);
      expect(codes(await submit(userId, { ...other, assessmentName }))).toEqual(['UNSUPPORTED_ASSESSMENT']);
      expect(codes(await submit(userId, other))).toEqual(['IDEMPOTENCY_KEY_REUSED']);
      expect(codes(await submit(userId, scores()))).toEqual(['INSUFFICIENT_TOKENS']);
      expect(await submit(userId, first)).toMatchObject({ replayed: true, tokenBalance: 0, userErrors: [] });
    });
  });
});

describe('a submit without enough tokens', () => {
  it('is refused with what it takes and what there is', async () => {
    const userId = await makeAccount(database().pool, { balance: 0 });
    await nothingIsStored(async () => {
      expect(await submit(userId, scores())).toEqual({
        job: null,
        replayed: false,
        tokenBalance: 0,
        userErrors: [
          {
            ...{ __typename: 'InsufficientTokens', code: 'INSUFFICIENT_TOKENS', field: null },
            ...{ message: 'The price is 1, and the balance is 0', required: 1, available: 0 },
          },
        ],
      });
    });
  });
});

describe('an idempotency key', () => {
  /** Submits one input and then, under the same key, another. */
  async function submitTwice(first: Input, second: Input) {
    const userId = await makeAccount(database().pool);
    const key = { idempotencyKey: randomUUID() };
    const before = await submit(userId, { ...first, ...key });
    return { before, after: await submit(userId, { ...second, ...key }) };
  }

  const raw = (meta: unknown) => answers({ questionId: 'R1', value: 1, meta });

  it.each<[string, Input, Input]>([
    ['the same input', scores(), scores()],
    ['optional blocks that are null instead of absent', scores(), scores({ industryScore: null, rawResponses: null })],
    ['the default written out', scores(), scores({ assessmentName: 'AI-Driven Talent Mapping' })],
    [
      'the fields of an answer in another order',
      answers({ questionId: 'R1', value: 1, meta: { a: { b: 1, c: 2 } } }),
      answers({ meta: { a: { c: 2, b: 1 } }, value: 1, questionId: 'R1' }),
    ],
    [
      'the instruments in another order',
      scores({ rawResponses: { riasec: [], ocean: [] } }),
      scores({ rawResponses: { ocean: [], riasec: [] } }),
    ],
  ])('gives the same job, charged once, to %s', async (_, first, second) => {
    const { before, after } = await submitTwice(first, second);
    expect(before).toMatchObject({ replayed: false, tokenBalance: 9, userErrors: [] });
    expect(after).toEqual({ ...before, replayed: true });
  });

  it.each<[string, Input, Input]>([
    ['another score', scores(), withScore('viaIs', 'humor', 51)],
    ['industry scores', scores(), scores({ industryScore: industries(50) })],
    ['a nested value', raw({ a: { b: [1, { c: 1 }] } }), raw({ a: { b: [1, { c: 2 }] } })],
    ['a nested name', raw({ a: { b: 1 } }), raw({ a: { c: 1 } })],
    ['a nested null', raw({ a: null }), raw({})],
    ['the place of a null', raw({ a: [null, 1] }), raw({ a: [1, null] })],
    ['a null less in a list', raw({ a: [null, 1] }), raw({ a: [1] })],
    ['the order of a list', raw({ a: [1, 2] }), raw({ a: [2, 1] })],
    ['text for a number', raw({ a: 1 }), raw({ a: '1' })],
    ['an empty block of answers', scores(), scores({ rawResponses: {} })],
  ])('is refused for an input that differs in %s', async (_, first, second) => {
    const { before, after } = await submitTwice(first, second);
    expect(before.userErrors).toEqual([]);
    expect(after).toMatchObject({
      job: null,
      replayed: false,
      tokenBalance: 9,
      userErrors: [{ __typename: 'SimpleError', code: 'IDEMPOTENCY_KEY_REUSED', field: null }],
    });
  });

  it('of 255 characters, each of them two in UTF-16, is taken', async () => {
    const idempotencyKey = '🔑'.repeat(255);
    expect(await submit(randomUUID(), scores({ idempotencyKey }))).toMatchObject({ userErrors: [] });
  });

  it('gives a finished job as it is now', async () => {
    const input = scores({ idempotencyKey: 'finished' });
    const userId = await makeAccount(database().pool);
    const { job } = await submit(userId, input);
    const attempt = nextAttempt({ jobId: job?.id ?? '', round: 1, attempt: 0 });
    await api().lifecycle.start(attempt);
    await api().lifecycle.complete(attempt, { archetype: 'The test' });
    expect(await submit(userId, input)).toMatchObject({
      job: { id: job?.id, status: 'COMPLETED', seq: 3 },
      replayed: true,
      tokenBalance: 9,
    });
  });
});

describe('submitAssessments', () => {
  it.each([0, 101])('refuses %i rows as a whole', async (count) => {
    const userId = await makeAccount(database().pool, { balance: 200 });
    await nothingIsStored(async () => {
      expect(await submitMany(userId, Array(count).fill(scores()))).toEqual({
        rows: [],
        submitted: 0,
        tokenBalance: null,
        userErrors: [{ code: 'INVALID_INPUT', field: ['input', 'rows'], message: 'rows must have from 1 to 100 rows' }],
      });
    });
  });

  it.each([1, 100])('submits %i rows in their order', async (count) => {
    const userId = await makeAccount(database().pool, { balance: 100 });
    const rows = Array.from({ length: count }, (_, index) => withScore('riasec', 'social', index));
    const payload = await submitMany(userId, rows);
    expect(payload).toMatchObject({ submitted: count, tokenBalance: 100 - count, userErrors: [] });
    const { rows: stored } = await database().pool.query<{ id: string; social: number }>(
      `select job_id as id, (test_data #>> '{riasec,social}')::int as social from analysis_results
       where user_id = $1 order by id`,
      [userId],
    );
    expect(stored).toEqual(payload.rows.map(({ job }, social) => ({ id: job?.id, social })));
  });

  it('gives each row its own outcome', async () => {
    const userId = await makeAccount(database().pool);
    await submit(userId, { ...scores(), idempotencyKey: 'known' });
    const payload = await submitMany(userId, [
      { ...scores(), idempotencyKey: 'new' },
      scores({ assessmentName: 'Custom Assessment' }),
      { ...scores(), idempotencyKey: 'known' },
      withScore('ocean', 'openness', 101),
      { ...withScore('ocean', 'openness', 0), idempotencyKey: 'known' },
      scores({ idempotencyKey: '' }),
      scores(),
    ]);
    expect(payload.rows.map((row) => row.userErrors[0]?.code ?? (row.replayed ? 'replayed' : 'submitted'))).toEqual([
      ...['submitted', 'UNSUPPORTED_ASSESSMENT', 'replayed', 'INVALID_INPUT', 'IDEMPOTENCY_KEY_REUSED'],
      ...['INVALID_INPUT', 'submitted'],
    ]);
    expect(payload.rows.flatMap(({ userErrors }) => userErrors.map(({ field }) => field))).toEqual([
      ['input', 'rows', '1', 'assessmentName'],
      ['input', 'rows', '3', 'ocean', 'openness'],
      null,
      ['input', 'rows', '5', 'idempotencyKey'],
    ]);
    expect(payload.rows.map(({ job }) => job !== null)).toEqual([true, false, true, false, false, false, true]);
    expect(payload).toMatchObject({ submitted: 3, tokenBalance: 7, userErrors: [] });
    expect(payload.rows.map(({ tokenBalance }) => tokenBalance)).toEqual(Array(7).fill(7));
  });

  it('submits as many as the balance pays for', async () => {
    const userId = await makeAccount(database().pool, { balance: 2 });
    const payload = await submitMany(userId, [scores(), withScore('ocean', 'openness', -1), scores(), scores()]);
    expect(payload.rows.map(codes)).toEqual([[], ['INVALID_INPUT'], [], ['INSUFFICIENT_TOKENS']]);
    expect(payload.rows[3]?.userErrors).toMatchObject([{ required: 1, available: 0 }]);
    expect(payload).toMatchObject({ submitted: 2, tokenBalance: 0 });
  });

  it('answers a key that comes twice in one batch with one job', async () => {
    const userId = await makeAccount(database().pool);
    const twice = { ...scores(), idempotencyKey: 'twice' };
    const payload = await submitMany(userId, [twice, twice, { ...twice, rawResponses: null }]);
    expect(payload.rows.map(({ replayed }) => replayed)).toEqual([false, true, true]);
    expect(new Set(payload.rows.map(({ job }) => job?.id)).size).toBe(1);
    expect(payload).toMatchObject({ submitted: 3, tokenBalance: 9 });
  });

  it('writes nothing where every row is refused', async () => {
    await nothingIsStored(async () => {
      const payload = await submitMany(randomUUID(), [withScore('ocean', 'openness', -1)]);
      expect(payload).toMatchObject({ submitted: 0, tokenBalance: null, userErrors: [] });
      expect(payload.rows).toHaveLength(1);
    });
  });
});

describe('a service', () => {
  it('cannot submit, whatever its scopes', async () => {
    const all = service('jobs:read', 'jobs:manage', 'jobs:repair', 'tokens:grant', 'sync:run');
    await nothingIsStored(async () => {
      for (const [text, input] of [
        [ONE, scores()],
        [MANY, { rows: [scores()] }],
      ] as const) {
        const { data, errors } = await api().ask(all, text, { input });
        expect([data, errors.map(({ code }) => code)]).toEqual([null, ['FORBIDDEN']]);
      }
    });
  });
});
