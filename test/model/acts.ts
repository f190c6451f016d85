import fc from 'fast-check';

// What a history is made of. Jobs and attempts are named by numbers that are counted round among those there are, so that
// any history makes sense and can be shrunk.

const job = fc.constantFrom(0, 0, 0, 0, 0, 1, 1, 2, 4);
const by = fc.oneof(
  { weight: 6, arbitrary: fc.constant('owner' as const) },
  { weight: 3, arbitrary: fc.constant('service' as const) },
  { weight: 1, arbitrary: fc.constant('stranger' as const) },
);
/** How many attempts before the job's last one. */
const before = fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 1, 2);

const submit = fc.record({
  do: fc.constant('submit' as const),
  user: fc.constantFrom(0, 0, 0, 1),
  price: fc.constantFrom(0, 1, 1, 2),
  key: fc.constantFrom(undefined, 0, 0, 1),
});
const start = fc.record({
  do: fc.constant('start' as const),
  job,
  /** A worker that is never heard of again. */
  dies: fc.constantFrom(false, false, false, true),
  /** A task that is out of date, and how. */
  stale: fc.constantFrom(
    undefined,
    undefined,
    undefined,
    'this attempt again' as const,
    'an attempt too far' as const,
    'another round' as const,
  ),
});
const complete = fc.record({ do: fc.constant('complete' as const), job, before });
const fail = fc.record({
  do: fc.constant('fail' as const),
  job,
  before,
  code: fc.constantFrom('HANDLER_ERROR' as const, 'STUCK' as const),
});
const release = fc.record({ do: fc.constant('release' as const), job, before, countsAttempt: fc.boolean() });
const report = fc.record({ do: fc.constant('report' as const), job, before, percent: fc.integer({ min: 1, max: 99 }) });
const ofAttempt = fc.record({ do: fc.constantFrom('beat' as const, 'free' as const), job, before });
const ofJob = <Word extends string>(word: Word) => fc.record({ do: fc.constant(word), job, by });
/** The highest price is more than anybody begins with. */
const retry = fc.record({ do: fc.constant('retry' as const), job, by, price: fc.constantFrom(0, 1, 1, 2, 4) });
const rescue = fc.record({ do: fc.constant('rescue' as const), overdue: fc.constantFrom(false, false, false, true) });
const grant = fc.record({
  do: fc.constant('grant' as const),
  user: fc.nat(1),
  amount: fc.constantFrom(-2, -1, 1, 2),
});
const repair = fc.record({ do: fc.constantFrom('syncStatus' as const, 'removeOrphans' as const), job });

const cancelAll = fc.record({ do: fc.constant('cancelAll' as const), by });

/** How often each act is tried where the job that most acts are about waits, runs, or ended; and anywhere. */
const actsOf = (weights: readonly [submit: number, start: number, speak: number, retry: number, remove: number]) => {
  const [submits, starts, speaks, retries, removals] = weights;
  return fc.oneof(
    { weight: submits, arbitrary: submit },
    { weight: starts, arbitrary: start },
    { weight: speaks, arbitrary: complete },
    { weight: speaks, arbitrary: fail },
    { weight: speaks, arbitrary: release },
    { weight: speaks, arbitrary: report },
    { weight: 2, arbitrary: ofAttempt },
    { weight: 4, arbitrary: ofJob('cancel') },
    { weight: 1, arbitrary: cancelAll },
    { weight: retries, arbitrary: retry },
    { weight: removals, arbitrary: ofJob('bury') },
    { weight: 1, arbitrary: ofJob('forceDelete') },
    { weight: 1, arbitrary: ofJob('deleteResult') },
    { weight: 4, arbitrary: rescue },
    { weight: 1, arbitrary: grant },
    { weight: 1, arbitrary: repair },
  );
};

/** What befalls workers and queue while nobody acts. */
const mishap = fc.oneof(
  { weight: 3, arbitrary: fc.record({ befalls: fc.constant('worker dies' as const), job, before }) },
  { weight: 1, arbitrary: fc.record({ befalls: fc.constant('task is taken by a dying worker' as const), job }) },
  { weight: 1, arbitrary: fc.record({ befalls: fc.constant('task is lost' as const), job }) },
);

const batchOf = <Lead extends 'start' | 'end' | undefined, A>(lead: Lead, act: fc.Arbitrary<A>) =>
  fc.record({
    /** What is done to the first job beforehand, if it can be. */
    lead: fc.constant(lead),
    mishaps: fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(mishap, { maxLength: 2 }) },
    ),
    /** Sometimes a lock makes all acts that need its row begin before one of them can go on. */
    lock: fc.oneof(
      { weight: 1, arbitrary: fc.constant(undefined) },
      {
        weight: 1,
        arbitrary: fc.record({ what: fc.constantFrom('job' as const, 'job' as const, 'account' as const), job }),
      },
    ),
    acts: fc.array(act, { minLength: 1, maxLength: 4 }),
  });

const batch = fc.oneof(
  { weight: 1, arbitrary: batchOf(undefined, actsOf([30, 1, 1, 1, 1])) },
  { weight: 1, arbitrary: batchOf(undefined, actsOf([2, 6, 2, 3, 2])) },
  { weight: 3, arbitrary: batchOf('start', actsOf([1, 1, 4, 1, 1])) },
  { weight: 2, arbitrary: batchOf('end', actsOf([2, 3, 1, 9, 3])) },
);

export const history = fc.record({
  /** Whether the invariants are asked too: they are many, and see little that the model does not. */
  examined: fc.constantFrom(false, false, false, true),
  beginning: fc.array(submit, { minLength: 1, maxLength: 2 }),
  batches: fc.array(batch, { minLength: 2, maxLength: 6 }),
});

type Made<T> = T extends fc.Arbitrary<infer Value> ? Value : never;
export type History = Made<typeof history>;
export type Batch = Made<typeof batch>;
export type Mishap = Made<typeof mishap>;
export type Act = Batch['acts'][number];
export type ActOf<Word extends Act['do']> = Extract<Act, { do: Word }>;
