import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { HEALED, letGo, scratchFile, untilHandled, useWorkers } from '../support/workers.ts';

const database = useDatabase({ settlesLater: HEALED });
const workers = useWorkers(database);

describe('an attempt', () => {
  let worker: Awaited<ReturnType<typeof workers.start>>;
  let log: typeof worker.log;
  beforeAll(async () => {
    worker = await workers.start();
    log = worker.log;
  });
  // Nobody else may take the jobs of the tests below.
  afterAll(() => worker.stop());

  it('completes and stores the output', async () => {
    const jobId = await workers.submit({ does: 'ECHO', times: 7 });
    const job = await workers.reach(jobId, 'COMPLETED');
    expect(job).toMatchObject({ attempt: 1, testResult: { echo: { does: 'ECHO', times: 7 } }, balance: 8 });
    expect(await workers.events(jobId)).toEqual(['QUEUED', 'STARTED', 'COMPLETED']);
    // The row is written a little before the line.
    await expect
      .poll(() => log.lines.filter((line) => line.jobId === jobId))
      .toMatchObject([
        { msg: 'attempt started', kind: 'PROBE', round: 1, attempt: 1 },
        { msg: 'attempt completed', ms: expect.any(Number) },
      ]);
  });

  it('hands raw answers to the kind as part of its input', async () => {
    const { outcomes } = await workers.lifecycle().submit(randomUUID(), [
      {
        ...{ kind: 'PROBE', name: 'Probe', price: 2, maxAttempts: 3, tierPriority: 0 },
        ...{ testData: { does: 'ECHO' }, rawResponses: { riasec: [] } },
      },
    ]);
    const [outcome] = outcomes;
    const jobId = outcome?.outcome === 'SUBMITTED' ? outcome.job.id : '';
    expect(await workers.reach(jobId, 'COMPLETED')).toMatchObject({
      testResult: { echo: { rawResponses: { riasec: [] } } },
    });
  });

  it('does the same work again for a second job with the same input, which has a result of its own', async () => {
    const userId = randomUUID();
    const testData = { does: 'NUMBERED', file: scratchFile() };
    const finish = async () => {
      const { outcomes } = await workers
        .lifecycle()
        .submit(userId, [{ kind: 'PROBE', name: 'Probe', testData, price: 2, maxAttempts: 3, tierPriority: 0 }]);
      const [outcome] = outcomes;
      return await workers.reach(outcome?.outcome === 'SUBMITTED' ? outcome.job.id : '', 'COMPLETED');
    };
    expect(await finish()).toMatchObject({ testResult: { run: 1 }, balance: 8 });
    expect(await finish()).toMatchObject({ testResult: { run: 2 }, balance: 6 });
  });

  it.each(['ECHO', 'REFUSE', 'GARBAGE', 'SOMETHING ELSE'])(
    'leaves in the log which job it was, and nothing of whose it is or what was submitted: %s',
    async (does) => {
      const canary = 'CANARY-3e1c';
      const userId = randomUUID();
      const { outcomes } = await workers.lifecycle().submit(userId, [
        {
          ...{ kind: 'PROBE', name: `The assessment of ${canary}`, price: 2, maxAttempts: 1, tierPriority: 0 },
          ...{ testData: { does, file: canary, ...(does === 'SOMETHING ELSE' && { [canary]: 1 }) } },
          rawResponses: { riasec: [canary] },
        },
      ]);
      const jobId = outcomes[0]?.outcome === 'SUBMITTED' ? outcomes[0].job.id : '';
      await workers.reach(jobId, ['COMPLETED', 'FAILED']);
      await expect
        .poll(() => log.lines.filter((line) => line.jobId === jobId).map(({ msg }) => msg))
        .toContain(does === 'ECHO' ? 'attempt completed' : 'attempt failed');
      const tells = (line: object) => [canary, userId].some((secret) => JSON.stringify(line).includes(secret));
      expect(log.lines.filter(tells)).toEqual([]);
    },
  );

  it('is repeated after a retryable error, and the round is paid once', async () => {
    const jobId = await workers.submit({ does: 'FLAKY', times: 2, file: scratchFile() });
    const job = await workers.reach(jobId, 'COMPLETED');
    expect(job).toMatchObject({ attempt: 3, testResult: { runs: 3 }, balance: 8 });
    const { rows } = await database().pool.query(
      'select type, attempt, error_message as message from job_events where job_id = $1 order by seq',
      [jobId],
    );
    expect(rows.map(({ type, attempt }) => `${type} ${attempt}`)).toEqual([
      ...['QUEUED 0', 'STARTED 1', 'RELEASED 1', 'STARTED 2', 'RELEASED 2', 'STARTED 3', 'COMPLETED 3'],
    ]);
    expect(rows[2].message).toBe('Failed for the 1. time');
  });

  it('fails the job at once, with a refund, when the handler says that another makes no sense', async () => {
    const jobId = await workers.submit({ does: 'REFUSE' });
    expect(await workers.reach(jobId, 'FAILED')).toMatchObject({
      ...{ attempt: 1, failureCode: 'INVALID_INPUT', failureMessage: 'The answers contradict each other' },
      ...{ balance: 10, testResult: null },
    });
    expect(await workers.events(jobId)).toEqual(['QUEUED', 'STARTED', 'FAILED']);
  });

  it('fails the job after the last one, with one refund and the handler’s code', async () => {
    const jobId = await workers.submit({ does: 'UPSTREAM' });
    expect(await workers.reach(jobId, 'FAILED')).toMatchObject({
      ...{ attempt: 3, failureCode: 'UPSTREAM_ERROR', failureMessage: 'The source answered 503', balance: 10 },
    });
    const { rows } = await database().pool.query(
      "select amount from ledger_entries where job_id = $1 and entry = 'REFUND'",
      [jobId],
    );
    expect(rows).toEqual([{ amount: 2 }]);
  });

  it('tells the user nothing of what an unexpected error says, and the log all of it', async () => {
    const jobId = await workers.submit({ does: 'THROW' }, 1);
    expect(await workers.reach(jobId, 'FAILED')).toMatchObject({
      failureCode: 'HANDLER_ERROR',
      failureMessage: 'The work failed unexpectedly',
    });
    expect(log.lines.find((line) => line.msg === 'handler failed' && line.jobId === jobId)).toMatchObject({
      detail: expect.stringContaining('10.0.0.1'),
    });
  });

  it.each([
    ['GARBAGE', 'HANDLER_ERROR', 'The work ended without a valid result'],
    ['NOTHING', 'HANDLER_ERROR', 'The work ended without a valid result'],
    ['HUGE', 'HANDLER_ERROR', 'The result is too large to be stored'],
    ['NUL', 'HANDLER_ERROR', 'The result could not be stored'],
    ['SOMETHING ELSE', 'INVALID_INPUT', 'The input no longer fits this kind of work'],
  ])('fails without another where the fault would be the same: %s', async (does, failureCode, failureMessage) => {
    const jobId = await workers.submit({ does });
    expect(await workers.reach(jobId, 'FAILED')).toMatchObject({
      attempt: 1,
      failureCode,
      failureMessage,
      balance: 10,
    });
  });

  it('fails the job when nobody knows its kind', async () => {
    const { outcomes } = await workers
      .lifecycle()
      .submit(randomUUID(), [
        { kind: 'FORECAST', name: 'Sales', testData: {}, price: 1, maxAttempts: 3, tierPriority: 0 },
      ]);
    const [outcome] = outcomes;
    const jobId = outcome?.outcome === 'SUBMITTED' ? outcome.job.id : '';
    expect(await workers.reach(jobId, 'FAILED')).toMatchObject({ failureCode: 'HANDLER_ERROR', balance: 10 });
  });

  it.each(['EXIT', 'UNCAUGHT'] as const)(
    'whose thread dies (%s) is repeated, and neither process nor neighbour is harmed',
    async (does) => {
      const file = scratchFile();
      const neighbour = await workers.submit({ does: 'HELD', file });
      await untilHandled(file);
      const jobId = await workers.submit({ does }, 2);
      expect(await workers.reach(jobId, 'FAILED')).toMatchObject({ attempt: 2, failureCode: 'HANDLER_ERROR' });
      letGo(file);
      expect(await workers.reach(neighbour, 'COMPLETED')).toMatchObject({ attempt: 1 });
    },
  );

  it('whose lease was given to another is ended, and its task does not resolve', async () => {
    const jobId = await workers.submit({ does: 'HANG' });
    await workers.reach(jobId, 'PROCESSING');
    const { rows } = await database().pool.query('select lease_token from analysis_jobs where id = $1', [jobId]);
    // What a rescue and a worker on other machines do that took this one for dead.
    await workers
      .lifecycle()
      .release({ jobId, leaseToken: rows[0].lease_token }, { delayMs: 60_000, countsAttempt: true });
    const leaseToken = randomUUID();
    const start = { jobId, round: 1, attempt: 2, workerId: randomUUID(), leaseToken, leaseMs: 3_600_000 };
    await workers.lifecycle().start(start);
    await expect.poll(log.messages).toContain('attempt lost');
    const job = await database().pool.query('select status, lease_token from analysis_jobs where id = $1', [jobId]);
    expect(job.rows[0]).toEqual({ status: 'PROCESSING', lease_token: leaseToken });
    await workers.lifecycle().forceDelete(jobId, 'any owner');
  });

  it('that is out of date resolves and leaves the job alone', async () => {
    const file = scratchFile();
    const jobId = await workers.submit({ does: 'HELD', file });
    await untilHandled(file);
    await database().pool.query("select graphile_worker.add_job('run_job', $1, max_attempts := 1)", [
      JSON.stringify({ jobId, round: 1, attempt: 1 }),
    ]);
    await expect.poll(log.messages).toContain('a task began nothing');
    letGo(file);
    await workers.reach(jobId, 'COMPLETED');
    expect(await workers.events(jobId)).toEqual(['QUEUED', 'STARTED', 'COMPLETED']);
    await expect.poll(async () => (await database().pool.query('select from graphile_worker.jobs')).rowCount).toBe(0);
  });
});

describe('an attempt', () => {
  const RUN_LIMIT_MS = 4_000;

  it.each(['SPIN', 'HANG', 'SLEEP'] as const)(
    'that %ss past its run limit is ended and the job fails as stuck, attempts left or not',
    async (does) => {
      await workers.start({ ASSAY_RUN_LIMIT_PROBE_MS: `${RUN_LIMIT_MS}` });
      const file = scratchFile();
      const jobId = await workers.submit({ does, milliseconds: 60_000, file });
      const job = await workers.reach(jobId, 'FAILED');
      expect(job).toMatchObject({ attempt: 1, failureCode: 'STUCK', balance: 10 });
      expect(await workers.events(jobId)).toEqual(['QUEUED', 'STARTED', 'STUCK']);
      await workers.free(jobId);
      const lastSign = existsSync(file) && readFileSync(file, 'utf8');
      await delay(200);
      expect(existsSync(file) && readFileSync(file, 'utf8')).toBe(lastSign);
    },
  );
});
