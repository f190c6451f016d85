import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import type { RunContext } from '../../runner/context.ts';
import { type Kind, KindError } from '../kind.ts';

/** What a probe can do; most of it is misbehaviour. */
export const PROBE_BEHAVIOURS = [
  'ECHO',
  'SLEEP',
  'FAIL',
  'FLAKY',
  'CRASH',
  'HANG',
  'SPIN',
  'BIG_RESULT',
  'PROGRESS',
] as const;
export type ProbeBehaviour = (typeof PROBE_BEHAVIOURS)[number];

const whole = (least: number, most: number) =>
  z.int('must be a whole number').min(least, `must be at least ${least}`).max(most, `must be at most ${most}`);

const probeInput = z.strictObject({
  behaviour: z.enum(PROBE_BEHAVIOURS),
  milliseconds: whole(0, 3_600_000),
  times: whole(1, 10_000),
  bytes: whole(0, 4_194_304),
});
export type ProbeInput = z.output<typeof probeInput>;

const probeOutput = z.looseObject({ behaviour: z.enum(PROBE_BEHAVIOURS) });
export type ProbeOutput = z.output<typeof probeOutput>;

/** Bytes of a BIG_RESULT around its text, so that the whole of it has the size that was asked for. */
const BIG_RESULT_FRAME = JSON.stringify({ behaviour: 'BIG_RESULT', text: '' }).length;

/** Never settles and hears nothing; only the end of its thread ends it. */
const hang = () => new Promise<never>(() => setInterval(() => undefined, 60_000));

const behaviours: Record<ProbeBehaviour, (input: ProbeInput, context: RunContext) => Promise<object> | object> = {
  ECHO: (input) => input,
  async SLEEP({ milliseconds }, { signal }) {
    await wait(milliseconds, undefined, { signal });
    return { milliseconds };
  },
  FAIL: () => {
    throw new KindError('The probe was told to fail', { retryable: false });
  },
  FLAKY({ times }, { attempt }) {
    if (attempt <= times) throw new KindError(`The probe was told to fail ${times} times`, { retryable: true });
    return { attempt };
  },
  CRASH: () => process.exit(1),
  HANG: hang,
  SPIN: () => {
    for (;;);
  },
  BIG_RESULT: ({ bytes }) => ({ text: 'x'.repeat(Math.max(0, bytes - BIG_RESULT_FRAME)) }),
  async PROGRESS({ times, milliseconds }, { signal, report }) {
    for (let current = 1; current <= times; current += 1) {
      await wait(milliseconds, undefined, { signal });
      report({ percent: Math.floor((current / times) * 100), stage: 'counting', current, expected: times });
    }
    return { times };
  },
};

/** A job that misbehaves on demand: for tests, benchmarks, and operators who want to see a rescue. */
export const probe: Kind<ProbeInput, ProbeOutput> = {
  policy: { price: 0, maxAttempts: 3, runLimitMs: 600_000 },
  input: probeInput,
  output: probeOutput,
  run: async (input, context) => ({
    behaviour: input.behaviour,
    ...(await behaviours[input.behaviour](input, context)),
  }),
};
