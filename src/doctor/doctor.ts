import { once } from 'node:events';
import type { Mended } from '../lifecycle/doctor.ts';
import type { Log } from '../log.ts';
import { type DoctorOptions, type Examined, examineDatabase, mendDatabase } from './examination.ts';

/** What a repair did, and what is broken after it. */
export interface Repaired extends Mended {
  examined: Examined;
}

/** The doctor of a process. He does one thing at a time; whoever asks for the same meanwhile gets the same answer. */
export interface Doctor {
  /** @throws as `examineDatabase`; the signal ends the examination when nobody else waits for it */
  examine(signal?: AbortSignal): Promise<Examined>;
  /** Examines, mends, and examines again where anything was found. @throws likewise */
  repair(signal?: AbortSignal): Promise<Repaired>;
  /** Ends what he is at, and lets nobody in any more. */
  stop(): Promise<void>;
}

interface Visit {
  readonly repairs: boolean;
  readonly answer: Promise<Repaired>;
  /** Resolves when it is over, however it ended. */
  readonly over: Promise<void>;
  readonly abandon: AbortController;
  waiting: number;
}

/** Nothing is connected before he is asked. */
export function createDoctor({ log, ...options }: DoctorOptions & { log: Log }): Doctor {
  const stopping = new AbortController();
  let present: Visit | undefined;

  function begin(repairs: boolean): Visit {
    const abandon = new AbortController();
    const signal = AbortSignal.any([abandon.signal, stopping.signal]);
    const answer = (repairs ? repair(signal) : look(signal)).catch((error: unknown) => {
      throw signal.aborted ? signal.reason : error;
    });
    const end = () => {
      present = undefined;
    };
    return { repairs, answer, over: answer.then(end, end), abandon, waiting: 0 };
  }

  const look = async (signal: AbortSignal): Promise<Repaired> => {
    return { done: [], failures: [], examined: await examineDatabase(options, signal) };
  };

  async function repair(signal: AbortSignal): Promise<Repaired> {
    const examined = await examineDatabase(options, signal);
    if (examined.findings.length === 0) return { done: [], failures: [], examined };
    const mended = await mendDatabase(options, examined.findings, signal);
    if (mended.done.length > 0) log.info({ done: mended.done }, 'Invariants were repaired.');
    for (const { id, error } of mended.failures) log.error({ invariant: id, err: error }, 'A repair failed.');
    return { ...mended, examined: await examineDatabase(options, signal) };
  }

  async function attend(repairs: boolean, gone?: AbortSignal): Promise<Repaired> {
    for (;;) {
      gone?.throwIfAborted();
      stopping.signal.throwIfAborted();
      present ??= begin(repairs);
      if (!present.abandon.signal.aborted && (present.repairs || !repairs)) return await waitFor(present, gone);
      await untilGone(present.over, gone);
    }
  }

  return {
    examine: async (gone) => (await attend(false, gone)).examined,
    repair: (gone) => attend(true, gone),
    async stop() {
      stopping.abort();
      await present?.over;
    },
  };
}

/** The last one who goes ends it. */
async function waitFor(visit: Visit, gone?: AbortSignal): Promise<Repaired> {
  visit.waiting += 1;
  try {
    return await untilGone(visit.answer, gone);
  } finally {
    visit.waiting -= 1;
    if (visit.waiting === 0) visit.abandon.abort();
  }
}

async function untilGone<T>(answer: Promise<T>, gone?: AbortSignal): Promise<T> {
  if (!gone) return await answer;
  return await Promise.race([
    answer,
    once(gone, 'abort').then(() => {
      throw gone.reason;
    }),
  ]);
}
