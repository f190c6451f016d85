import { describe, expect, it } from 'vitest';
import type { Viewer } from '../../src/gate/viewer.ts';
import { PROBE_BEHAVIOURS } from '../../src/kinds/probe/index.ts';
import { ProbeBehaviour } from '../../src/schema/enums.ts';
import { respondent } from '../kinds/assessment/respondents.ts';
import { readBalance, readJob } from '../lifecycle/rows.ts';
import { STARTING_TOKENS, service, useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { makeAccount } from '../support/factory.ts';
import { leavesNothing } from './unchanged.ts';

const database = useDatabase();
const api = useApi(database);
const without = useApi(database, { probes: false });
const priced = useApi(database, { prices: { PROBE: 2 } });

const SUBMIT = `mutation ($input: SubmitProbeInput!) {
  submitProbe(input: $input) {
    job { id userId kind name status tokenCost maxAttempts requestedBy result { testData rawResponses } }
    replayed tokenBalance
    userErrors { __typename code message field ... on InsufficientTokens { required available } }
  }
}`;

interface Payload {
  job: { id: string; result: { testData: unknown } } | null;
  replayed: boolean;
  tokenBalance: number | null;
  userErrors: { code: string; message: string; field: string[] | null }[];
}

async function submit(viewer: Viewer, input: Record<string, unknown>, through = api()): Promise<Payload> {
  return (await through.read<{ submitProbe: Payload }>(viewer, SUBMIT, { input })).submitProbe;
}

const nothingIsStored = (act: () => Promise<void>) => leavesNothing(database().pool, act);

describe('a probe', () => {
  it.each(Object.values(ProbeBehaviour))('that shall %s is queued', async (behaviour) => {
    const viewer = user();
    const given = { behaviour, milliseconds: 5, times: 2, bytes: 3 };
    const { job, ...rest } = await submit(viewer, given);
    expect(rest).toEqual({ replayed: false, tokenBalance: STARTING_TOKENS, userErrors: [] });
    expect(job).toEqual({
      ...{ id: expect.any(String), userId: viewer.id, kind: 'PROBE', name: `Probe ${behaviour}`, status: 'QUEUED' },
      ...{ tokenCost: 0, maxAttempts: 3, requestedBy: 'user', result: { testData: given, rawResponses: null } },
    });
    const { tasks } = await readJob(database().pool, String(job?.id));
    expect(tasks.map(({ payload }) => payload)).toEqual([{ jobId: job?.id, round: 1, attempt: 1 }]);
  });

  it('can do what its kind can', () => {
    expect(Object.keys(ProbeBehaviour).sort()).toEqual([...PROBE_BEHAVIOURS].sort());
  });

  it('has defaults, for null as well', async () => {
    const testData = { behaviour: 'ECHO', milliseconds: 0, times: 1, bytes: 0 };
    const nulls = { milliseconds: null, times: null, bytes: null, idempotencyKey: null };
    for (const input of [{ behaviour: 'ECHO' }, { behaviour: 'ECHO', ...nulls }]) {
      expect((await submit(user(), input)).job?.result.testData).toEqual(testData);
    }
  });

  it('costs nothing, so that the ledger has no entry of it', async () => {
    const userId = await makeAccount(database().pool, { balance: 0 });
    const { job, tokenBalance } = await submit(user(userId), { behaviour: 'ECHO' });
    expect(tokenBalance).toBe(0);
    expect((await readJob(database().pool, String(job?.id))).ledger).toEqual([]);
  });

  it('costs what the installation asks for it', async () => {
    const userId = await makeAccount(database().pool, { balance: 3 });
    const { job, tokenBalance } = await submit(user(userId), { behaviour: 'ECHO' }, priced());
    expect([tokenBalance, await readBalance(database().pool, userId)]).toEqual([1, 1]);
    expect((await readJob(database().pool, String(job?.id))).ledger).toMatchObject([{ entry: 'CHARGE', amount: -2 }]);
    await nothingIsStored(async () => {
      expect(await submit(user(userId), { behaviour: 'ECHO' }, priced())).toMatchObject({
        ...{ job: null, tokenBalance: 1 },
        userErrors: [{ __typename: 'InsufficientTokens', code: 'INSUFFICIENT_TOKENS', required: 2, available: 1 }],
      });
    });
  });
});

describe('a probe is refused', () => {
  it.each<[Record<string, unknown>, [string, string][]]>([
    [{ milliseconds: -1 }, [['milliseconds', 'must be at least 0']]],
    [{ milliseconds: 3_600_001 }, [['milliseconds', 'must be at most 3600000']]],
    [{ times: 0 }, [['times', 'must be at least 1']]],
    [{ times: 10_001 }, [['times', 'must be at most 10000']]],
    [{ bytes: -1 }, [['bytes', 'must be at least 0']]],
    [{ bytes: 4_194_305 }, [['bytes', 'must be at most 4194304']]],
    [{ idempotencyKey: '' }, [['idempotencyKey', 'must be 1 to 255 printable characters']]],
    [{ idempotencyKey: 'x'.repeat(256) }, [['idempotencyKey', 'must be 1 to 255 printable characters']]],
    [
      { milliseconds: -1, times: 0, bytes: -1, idempotencyKey: 'a\nb' },
      [
        ['milliseconds', 'must be at least 0'],
        ['times', 'must be at least 1'],
        ['bytes', 'must be at least 0'],
        ['idempotencyKey', 'must be 1 to 255 printable characters'],
      ],
    ],
  ])('for the content %j, each fault by its path', async (changes, faults) => {
    await nothingIsStored(async () => {
      const payload = await submit(user(), { behaviour: 'SLEEP', ...changes });
      expect(payload).toEqual({
        ...{ job: null, replayed: false, tokenBalance: null },
        userErrors: faults.map(([name, message]) => ({
          ...{ __typename: 'SimpleError', code: 'INVALID_INPUT', message: `${name} ${message}` },
          field: ['input', name],
        })),
      });
    });
  });

  it('not for the largest and the smallest content', async () => {
    const largest = { milliseconds: 3_600_000, times: 10_000, bytes: 4_194_304, idempotencyKey: 'x'.repeat(255) };
    for (const bounds of [largest, { milliseconds: 0, times: 1, bytes: 0, idempotencyKey: 'x' }]) {
      expect((await submit(user(), { behaviour: 'SLEEP', ...bounds })).userErrors).toEqual([]);
    }
  });

  it('where probes are off, whatever it says', async () => {
    await nothingIsStored(async () => {
      for (const input of [{ behaviour: 'ECHO' }, { behaviour: 'ECHO', times: 0, idempotencyKey: 'k' }]) {
        const { data, errors } = await without().ask(user(), SUBMIT, { input });
        expect([data, errors.map(({ code }) => code)]).toEqual([null, ['FORBIDDEN']]);
      }
    });
  });

  it('from a service, whatever its scopes are, and from nobody', async () => {
    const all = service('jobs:read', 'jobs:manage', 'jobs:repair', 'tokens:grant', 'sync:run');
    await nothingIsStored(async () => {
      for (const [viewer, code] of [
        [all, 'FORBIDDEN'],
        [null, 'UNAUTHENTICATED'],
      ] as const) {
        for (const times of [1, 0]) {
          const { errors } = await api().ask(viewer, SUBMIT, { input: { behaviour: 'ECHO', times } });
          expect(errors.map((error) => error.code)).toEqual([code]);
        }
      }
    });
  });
});

describe('the idempotency key of a probe', () => {
  it('gives the same job again, defaults written out or not', async () => {
    const viewer = user();
    const first = await submit(viewer, { behaviour: 'ECHO', idempotencyKey: 'k' });
    await nothingIsStored(async () => {
      const again = { behaviour: 'ECHO', milliseconds: 0, times: 1, bytes: null, idempotencyKey: 'k' };
      expect(await submit(viewer, again)).toEqual({ ...first, replayed: true });
    });
    expect((await submit(user(), { behaviour: 'ECHO', idempotencyKey: 'k' })).replayed).toBe(false);
  });

  it('is refused with another input, and with another mutation', async () => {
    const viewer = user();
    await submit(viewer, { behaviour: 'ECHO', idempotencyKey: 'k' });
    const assess = `mutation ($input: SubmitAssessmentInput!) { submitAssessment(input: $input) { userErrors { code } } }`;
    await api().read(viewer, assess, { input: { ...respondent(50), idempotencyKey: 'assessment' } });
    await nothingIsStored(async () => {
      for (const input of [
        { behaviour: 'SPIN', idempotencyKey: 'k' },
        { behaviour: 'ECHO', bytes: 1, idempotencyKey: 'k' },
        { behaviour: 'ECHO', idempotencyKey: 'assessment' },
      ]) {
        const { job, userErrors } = await submit(viewer, input);
        expect([job, userErrors.map(({ code }) => code)]).toEqual([null, ['IDEMPOTENCY_KEY_REUSED']]);
      }
    });
  });

  it('is free again after a forced deletion, and kept by a tombstone', async () => {
    const viewer = user();
    const input = { behaviour: 'ECHO', idempotencyKey: 'k' };
    const { job } = await submit(viewer, input);
    const run = (text: string) => api().read(viewer, `mutation ($id: ID!) { ${text} { __typename } }`, { id: job?.id });
    await run('cancelJob(input: { id: $id })');
    await run('deleteJob(input: { id: $id })');
    expect(await submit(viewer, input)).toMatchObject({ replayed: true, job: { id: job?.id } });
    await run('deleteJob(input: { id: $id, force: true })');
    const anew = await submit(viewer, input);
    expect(anew.replayed).toBe(false);
    expect(anew.job?.id).not.toBe(job?.id);
  });
});
