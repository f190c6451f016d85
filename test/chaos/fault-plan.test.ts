import { describe, expect, it } from 'vitest';
import { FAULTS, type FaultSort, planFaults } from '../../chaos/fault-plan.ts';
import { createRandom } from '../../chaos/random.ts';

const LEASE_MS = 3_000;
const plan = (seed: number, minutes: number) => planFaults(createRandom(seed, 'plan'), minutes, LEASE_MS);

describe('a plan of faults', () => {
  it('is the same for the same seed, and another one for another seed', () => {
    expect(plan(7, 1)).toEqual(plan(7, 1));
    expect(plan(8, 1)).not.toEqual(plan(7, 1));
  });

  it('has each sort of fault, however short the run is', () => {
    expect(new Set(plan(1, 0.2).map(({ sort }) => sort))).toEqual(new Set(Object.keys(FAULTS)));
  });

  it('is in the order of its times, which lie within the run', () => {
    const times = plan(3, 2).map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.every((at) => at > 0 && at < 120_000)).toBe(true);
  });

  it('freezes workers for longer than a lease', () => {
    const freezes = plan(5, 4).filter(({ sort }) => sort === 'freeze-worker');
    expect(freezes.every(({ ms }) => ms > LEASE_MS)).toBe(true);
  });

  it('has enough of each in four minutes to prove something', () => {
    const faults = plan(2, 4);
    const count = (...sorts: FaultSort[]) => faults.filter(({ sort }) => sorts.includes(sort)).length;
    expect(count('kill-worker')).toBeGreaterThanOrEqual(60);
    expect(count('kill-api')).toBeGreaterThanOrEqual(10);
    expect(count('end-sessions')).toBeGreaterThanOrEqual(100);
    expect(count('kill-backend')).toBeGreaterThanOrEqual(5);
    expect(count('kill-postgres')).toBeGreaterThanOrEqual(2);
    expect(count('freeze-worker')).toBeGreaterThanOrEqual(20);
    expect(
      count('cut-links', 'silence-links', 'stall-links', 'shut-door', 'part-from-database'),
    ).toBeGreaterThanOrEqual(30);
  });
});
