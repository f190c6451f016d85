import { setTimeout as wait } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { useDatabase } from './support/database.ts';
import { createInstallation, post } from './support/installation.ts';
import { sampleInput } from './support/respondents.ts';

const database = useDatabase();

const SUBMIT = `mutation ($input: SubmitAssessmentInput!) {
  submitAssessment(input: $input) { job { id } replayed tokenBalance userErrors { code } }
}`;
interface Submitted {
  job: { id: string } | null;
  replayed: boolean;
  tokenBalance: number;
  userErrors: { code: string }[];
}
function submitted({ data, errors }: Awaited<ReturnType<typeof post>>): Submitted {
  expect(errors).toBeUndefined();
  return data?.submitAssessment as unknown as Submitted;
}

test('one key, sent twenty times at once over two API processes, makes one job and one charge', {
  timeout: 90_000,
}, async () => {
  await using installation = await createInstallation(database().url);
  const apis = await Promise.all([installation.startApi(), installation.startApi()]);
  const token = await installation.userToken();
  const input = { ...sampleInput(), idempotencyKey: 'the key' };

  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, index) =>
      submitted(await post(apis[index % 2]!.url, token, SUBMIT, { input })),
    ),
  );
  expect(new Set(answers.map(({ job }) => job?.id)).size).toBe(1);
  expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
  expect(answers.every(({ tokenBalance, userErrors }) => tokenBalance === 2 && userErrors.length === 0)).toBe(true);
  const { rows } = await database().pool.query(
    `select (select count(*)::int from analysis_jobs) as jobs,
       (select count(*)::int from ledger_entries where entry = 'CHARGE') as charges,
       (select count(*)::int from graphile_worker.jobs where task_identifier = 'run_job') as tasks`,
  );
  expect(rows).toEqual([{ jobs: 1, charges: 1, tasks: 1 }]);

  const other = { ...sampleInput(1), idempotencyKey: 'the key' };
  const reused = submitted(await post(apis[1].url, token, SUBMIT, { input: other }));
  expect(reused).toMatchObject({ job: null, userErrors: [{ code: 'IDEMPOTENCY_KEY_REUSED' }] });
});

test('a balance of one, asked twenty times at once over two API processes, pays for one job', {
  timeout: 90_000,
}, async () => {
  await using installation = await createInstallation(database().url, { ASSAY_STARTING_TOKENS: '1' });
  const apis = await Promise.all([installation.startApi(), installation.startApi()]);
  const token = await installation.userToken();
  const input = sampleInput();

  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, index) =>
      submitted(await post(apis[index % 2]!.url, token, SUBMIT, { input })),
    ),
  );
  expect(answers.filter(({ job }) => job)).toHaveLength(1);
  expect(answers.flatMap(({ userErrors }) => userErrors)).toEqual(
    Array.from({ length: 19 }, () => ({ code: 'INSUFFICIENT_TOKENS' })),
  );
  const balance = await post(apis[0].url, token, '{ viewer { tokenBalance } }');
  expect(balance.data?.viewer).toEqual({ tokenBalance: 0 });
});

/** Sends one request after the other over a connection that it keeps, until one fails. */
function askOn(url: string, token: string, pauseMs: number) {
  let answered = 0;
  const failing = (async (): Promise<unknown> => {
    for (;;) {
      try {
        const { data } = await post(url, token, '{ viewer { tokenBalance } }');
        expect(data).toEqual({ viewer: { tokenBalance: 3 } });
        answered += 1;
        if (pauseMs > 0) await wait(pauseMs);
      } catch (error) {
        return error instanceof Error ? (error.cause ?? error) : error;
      }
    }
  })();
  return { countAnswered: () => answered, failing };
}

test('an API process that stops under requests without pause fails none of them but by refusing a connection', {
  timeout: 90_000,
}, async () => {
  await using installation = await createInstallation(database().url);
  const token = await installation.userToken();
  for (const { url, process } of await Promise.all([installation.startApi(), installation.startApi()])) {
    const asking = [0, 0, 0, 0, 0, 0, 0, 0, 20, 50].map((pauseMs) => askOn(url, token, pauseMs));
    await vi.waitFor(() => expect(Math.min(...asking.map((one) => one.countAnswered()))).toBeGreaterThan(0), 30_000);
    await wait(500);
    process.kill('SIGTERM');
    // Nothing was sent, and so nothing can be lost.
    for (const { failing } of asking) expect(await failing).toMatchObject({ syscall: 'connect' });
    expect(await process.waitForEnd(30_000)).toEqual({ code: 0, signal: null });
  }
});
