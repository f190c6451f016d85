import { beforeAll, describe, expect, it } from 'vitest';
import { KindError } from '../../../src/kinds/kind.ts';
import { PROBE_BEHAVIOURS, type ProbeInput, probe } from '../../../src/kinds/probe/index.ts';
import type { Progress } from '../../../src/runner/context.ts';
import { useDatabase } from '../../support/database.ts';
import { runContext } from '../../support/run-context.ts';
import { HEALED, LASTING, OWN_KINDS, useWorkers } from '../../support/workers.ts';

const MIB = 1_048_576;

const inputOf = (given: Partial<ProbeInput>): ProbeInput => ({
  behaviour: 'ECHO',
  milliseconds: 0,
  times: 1,
  bytes: 0,
  ...given,
});

function run(given: Partial<ProbeInput>, { attempt = 1, signal = new AbortController().signal } = {}) {
  const reports: Progress[] = [];
  const output = async () =>
    await probe.run(inputOf(given), runContext({ attempt, signal, report: (value) => void reports.push(value) }));
  return { reports, output: output() };
}

describe('a probe', () => {
  it('echoes its input', async () => {
    expect(await run({ behaviour: 'ECHO', times: 7 }).output).toEqual(inputOf({ times: 7 }));
  });

  it('sleeps as long as it is told, or until it is stopped', async () => {
    const startedAt = performance.now();
    expect(await run({ behaviour: 'SLEEP', milliseconds: 60 }).output).toMatchObject({ milliseconds: 60 });
    expect(performance.now() - startedAt).toBeGreaterThan(55);
    const { output } = run({ behaviour: 'SLEEP', milliseconds: 60_000 }, { signal: AbortSignal.timeout(20) });
    await expect(output).rejects.toThrow('aborted');
  });

  it('reports as often as it is told', async () => {
    const { output, reports } = run({ behaviour: 'PROGRESS', times: 4 });
    expect(await output).toEqual({ behaviour: 'PROGRESS', times: 4 });
    expect(reports.map(({ percent, current, expected }) => [percent, current, expected])).toEqual([
      ...[
        [25, 1, 4],
        [50, 2, 4],
        [75, 3, 4],
        [100, 4, 4],
      ],
    ]);
  });

  it('fails for good', async () => {
    const error = await run({ behaviour: 'FAIL' }).output.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KindError);
    expect(error).toMatchObject({ retryable: false });
  });

  it('fails as many attempts as it is told, and then no more', async () => {
    for (const attempt of [1, 2]) {
      await expect(run({ behaviour: 'FLAKY', times: 2 }, { attempt }).output).rejects.toMatchObject({
        retryable: true,
      });
    }
    expect(await run({ behaviour: 'FLAKY', times: 2 }, { attempt: 3 }).output).toMatchObject({ attempt: 3 });
  });

  it.each([100, MIB, MIB + 1])('returns %d bytes, all in all', async (bytes) => {
    const output = await run({ behaviour: 'BIG_RESULT', bytes }).output;
    expect(Buffer.byteLength(JSON.stringify(output))).toBe(bytes);
  });
});

it.each([
  ['milliseconds', -1],
  ['milliseconds', 3_600_001],
  ['milliseconds', 1.5],
  ['times', 0],
  ['times', 10_001],
  ['bytes', -1],
  ['bytes', 4_194_305],
  ['behaviour', 'EXPLODE'],
])('refuses %s %s, and says so of that field alone', (field, value) => {
  const parsed = probe.input.safeParse({ ...inputOf({}), [field]: value });
  expect(parsed.error?.issues.map(({ path }) => path)).toEqual([[field]]);
});

it('takes every behaviour up to the bounds', () => {
  for (const behaviour of PROBE_BEHAVIOURS) {
    const input = { behaviour, milliseconds: 3_600_000, times: 10_000, bytes: 4_194_304 };
    expect(probe.input.parse(input)).toEqual(input);
  }
});

describe('a probe in a worker', () => {
  const database = useDatabase({ settlesLater: HEALED });
  const workers = useWorkers(database);
  beforeAll(async () => {
    await workers.start(LASTING, { kindsModule: OWN_KINDS });
  });
  const submit = (given: Partial<ProbeInput>) => workers.submit(inputOf(given));

  it('that crashes fails after three attempts', async () => {
    const jobId = await submit({ behaviour: 'CRASH' });
    expect(await workers.reach(jobId, 'FAILED')).toMatchObject({
      ...{ attempt: 3, failureCode: 'HANDLER_ERROR', failureMessage: 'The work failed unexpectedly', balance: 10 },
    });
    expect(await workers.events(jobId)).toEqual([
      ...['QUEUED', 'STARTED', 'RELEASED', 'STARTED', 'RELEASED', 'STARTED', 'FAILED'],
    ]);
  });

  it('that fails for good fails at once', async () => {
    expect(await workers.reach(await submit({ behaviour: 'FAIL' }), 'FAILED')).toMatchObject({
      ...{ attempt: 1, failureCode: 'HANDLER_ERROR', failureMessage: 'The probe was told to fail', balance: 10 },
    });
  });

  it.each([
    [1, 2, 'COMPLETED'],
    [2, 3, 'COMPLETED'],
    [3, 3, 'FAILED'],
  ])('that fails %d times ends after %d attempts: %s', async (times, attempt, status) => {
    const jobId = await submit({ behaviour: 'FLAKY', times });
    expect(await workers.reach(jobId, ['COMPLETED', 'FAILED'])).toMatchObject({ status, attempt });
  });

  it('may return one MiB, and not a byte more', async () => {
    const fits = await workers.reach(await submit({ behaviour: 'BIG_RESULT', bytes: MIB }), ['COMPLETED', 'FAILED']);
    expect(fits).toMatchObject({ status: 'COMPLETED', attempt: 1, balance: 8 });
    const over = await workers.reach(await submit({ behaviour: 'BIG_RESULT', bytes: MIB + 1 }), [
      ...['COMPLETED', 'FAILED'],
    ]);
    expect(over).toMatchObject({
      ...{ status: 'FAILED', attempt: 1, failureCode: 'HANDLER_ERROR', balance: 10 },
      failureMessage: 'The result is too large to be stored',
    });
  });
});
