import type { Random } from './random.ts';

/** Every sort of fault, with how many of it a minute has. */
export const FAULTS = {
  'kill-worker': 18,
  'kill-api': 4,
  'drain-worker': 2,
  'drain-api': 1,
  'freeze-worker': 6,
  'end-sessions': 28,
  'kill-backend': 1.5,
  'kill-postgres': 0.75,
  'cut-links': 5,
  'silence-links': 4,
  'stall-links': 4,
  'shut-door': 2,
  'part-from-database': 2,
} as const satisfies Record<string, number>;

export type FaultSort = keyof typeof FAULTS;

export interface Fault {
  sort: FaultSort;
  /** Milliseconds from the beginning. */
  at: number;
  /** Whom it hits, where that is a process of the fleet. */
  target: string;
  /** How long it lasts, where it does. */
  ms: number;
  /** How many sessions it ends, where it does. */
  count: number;
}

const WORKERS = ['worker-1', 'worker-2', 'worker-3'];
const APIS = ['api-1', 'api-2'];

/** The processes of a fleet, by name. */
export const MEMBERS = [...APIS, ...WORKERS];

/**
 * The faults of a run in the order of their times: each sort is spread over the whole run, at least once.
 * @param leaseMs for pauses that a lease does not outlive, and some that it does
 */
export function planFaults(random: Random, minutes: number, leaseMs: number): Fault[] {
  const plan: Fault[] = [];
  for (const [sort, perMinute] of Object.entries(FAULTS) as [FaultSort, number][]) {
    const times = Math.max(1, Math.round(perMinute * minutes));
    for (let index = 0; index < times; index += 1) {
      plan.push({
        sort,
        at: Math.round(((index + 0.1 + 0.8 * random.next()) / times) * minutes * 60_000),
        target: random.pick(targetsOf(sort)),
        ms: lengthOf(sort, random, leaseMs),
        count: random.between(1, 3),
      });
    }
  }
  return plan.sort((a, b) => a.at - b.at);
}

function targetsOf(sort: FaultSort): string[] {
  if (sort.endsWith('-worker')) return WORKERS;
  return sort.endsWith('-api') ? APIS : MEMBERS;
}

function lengthOf(sort: FaultSort, random: Random, leaseMs: number): number {
  if (sort === 'freeze-worker') return random.between(leaseMs * 1.2, leaseMs * 2.2);
  if (sort === 'part-from-database') return random.between(leaseMs * 0.3, leaseMs * 2);
  if (sort === 'stall-links') return random.between(300, leaseMs * 1.5);
  if (sort === 'silence-links') return random.between(leaseMs, leaseMs * 4);
  return random.between(300, 1_500);
}
