import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { type Kind, KindError } from '../../src/kinds/kind.ts';
import type { RunContext } from '../../src/runner/context.ts';

const input = z.strictObject({
  does: z.enum([
    'ECHO',
    'SLEEP',
    'HANG',
    'HANG_ONCE',
    'NUMBERED',
    'HELD',
    'SPIN',
    'NATIVE',
    'EXIT',
    'UNCAUGHT',
    'MEMORY',
    'THROW',
    'REFUSE',
    'UPSTREAM',
    'FLAKY',
    'REPORT',
    'TELL',
    'WILD_REPORT',
    'LATE_REPORT',
    'GARBAGE',
    'NOTHING',
    'HUGE',
    'NUL',
    'STAGE',
    'SETTINGS',
  ]),
  milliseconds: z.number().default(0),
  times: z.number().default(1),
  /** Where something is noted that must outlive the thread: one line a run. */
  file: z.string().optional(),
  rawResponses: z.unknown().optional(),
});

export type ProbeInput = z.input<typeof input>;
type Behaviour = (given: z.output<typeof input>, context: RunContext) => unknown;

const leak: unknown[] = [];

/** The file that lets go the handlers which wait by another one: the run whose number is in it, or all of them. */
export const goOf = (file: string) => `${file}.go`;
export const ALL_GO = '*';

async function untilLetGo(file: string, run = 1): Promise<void> {
  while (!existsSync(goOf(file)) || ![ALL_GO, `${run}`].includes(readFileSync(goOf(file), 'utf8'))) await delay(10);
}

const behaviours: Record<ProbeInput['does'], Behaviour> = {
  ECHO: (given) => ({ echo: given }),
  SLEEP: async ({ milliseconds, file }, { signal }) => {
    if (file) appendFileSync(file, '.');
    await delay(milliseconds, undefined, { signal });
    return { slept: milliseconds };
  },
  TELL: async ({ times, file }, { log }) => {
    if (file) {
      appendFileSync(file, '.');
      await untilLetGo(file);
    }
    const odd = { deep: { down: 1 }, act: () => 0, sign: Symbol('sign') } as unknown as { deep: string };
    for (let line = 1; line <= times; line += 1) log('It goes on'.padEnd(2_000, '.'), { line, of: null, ...odd });
    return { told: times };
  },
  HANG: () => new Promise(() => setInterval(() => undefined, 1_000)),
  HANG_ONCE: ({ file = '' }) => {
    const runs = readFileSync(file, 'utf8').length;
    return runs > 1 ? { runs } : new Promise(() => setInterval(() => undefined, 1_000));
  },
  NUMBERED: ({ file = '' }) => {
    appendFileSync(file, '.');
    return { run: readFileSync(file, 'utf8').length };
  },
  // Deaf to a stop, and at work until the test lets it go.
  HELD: async ({ file = '' }) => {
    appendFileSync(file, '.');
    const run = readFileSync(file, 'utf8').length;
    await untilLetGo(file, run);
    return { run };
  },
  // Outside JavaScript, where a thread cannot be terminated before it comes back. The file is written from there.
  NATIVE: ({ milliseconds, file = '' }) => {
    const script = `if (process.argv[1]) fs.appendFileSync(process.argv[1], '.'); setTimeout(() => {}, ${milliseconds})`;
    spawnSync(process.execPath, ['-e', script, file]);
  },
  SPIN: ({ file }) => {
    for (let sign = 0; ; sign += 1) {
      const until = performance.now() + 10;
      while (performance.now() < until);
      if (file) writeFileSync(file, `${sign}`);
    }
  },
  EXIT: () => process.exit(3),
  UNCAUGHT: async () => {
    setTimeout(() => {
      throw new Error('thrown where nobody catches');
    });
    await delay(5_000);
  },
  MEMORY: () => {
    const text = JSON.stringify(Array.from({ length: 200_000 }, (_, number) => ({ number })));
    for (;;) leak.push(JSON.parse(text));
  },
  THROW: () => {
    throw new Error('connect postgres://admin:hunter2@10.0.0.1 failed');
  },
  REFUSE: () => {
    throw new KindError('The answers contradict each other', { code: 'INVALID_INPUT', retryable: false });
  },
  UPSTREAM: () => {
    throw new KindError('The source answered 503', { code: 'UPSTREAM_ERROR', retryable: true });
  },
  FLAKY: ({ times, file = '' }) => {
    const runs = existsSync(file) ? readFileSync(file, 'utf8').length : 0;
    appendFileSync(file, '.');
    if (runs < times) throw new KindError(`Failed for the ${runs + 1}. time`, { retryable: true });
    return { runs: runs + 1 };
  },
  REPORT: async ({ times, milliseconds, file }, { report }) => {
    for (let time = 1; time <= times; time += 1) {
      report({ percent: (90 * time) / times, current: time, expected: times });
      if (milliseconds > 0) await delay(milliseconds);
    }
    if (file) await untilLetGo(file);
    return { times };
  },
  WILD_REPORT: async ({ file = '' }, { report }) => {
    for (const percent of [-5, Number.NaN, 250]) report({ percent });
    await untilLetGo(file);
    return {};
  },
  LATE_REPORT: (_given, { report }) => {
    setTimeout(() => report({ percent: 99 }), 50);
    return {};
  },
  GARBAGE: () => 'no object',
  NOTHING: () => undefined,
  HUGE: () => ({ text: 'x'.repeat(1_048_576) }),
  NUL: () => ({ text: '\0' }),
  STAGE: async ({ times }, { stage }) => {
    const counts: number[] = [];
    for (let time = 1; time <= times; time += 1) {
      counts.push(await stage([{ id: `r${time}`, data: { time }, words: '' }]));
    }
    return { counts };
  },
  SETTINGS: (_given, { settings }) => ({ settings }),
};

const probe: Kind<z.output<typeof input>, unknown> = {
  policy: { price: 2, maxAttempts: 3, runLimitMs: 30_000 },
  input,
  output: z.union([z.record(z.string(), z.unknown()), z.undefined()]),
  run: (given, context) => {
    if (given.file && given.does === 'HANG_ONCE') appendFileSync(given.file, '.');
    return behaviours[given.does](given, context);
  },
};

export const kinds = { PROBE: probe };
