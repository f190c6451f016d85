import { readFileSync } from 'node:fs';
import type { Random } from './random.ts';

/** A submit as it is sent: the mutation and its input, still without a key. */
export interface Work {
  mutation: 'submitProbe' | 'submitAssessment';
  input: Record<string, unknown>;
}

const respondents = readFileSync(new URL('../examples/respondents.sample.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Record<string, unknown>);

const SORTS = {
  ASSESSMENT: 24,
  ECHO: 20,
  SLEEP: 22,
  LONG_SLEEP: 4,
  PROGRESS: 14,
  FLAKY: 6,
  FAIL: 5,
  CRASH: 3,
  HANG: 1.2,
  SPIN: 0.5,
  REFUSED: 1,
};

/** One piece of work, most of it harmless. Whatever sleeps longer than a lease lives by its heartbeats. */
export function drawWork(random: Random, leaseMs: number): Work {
  const sort = random.weighted(SORTS);
  const probe = (input: Record<string, unknown>): Work => ({ mutation: 'submitProbe', input });
  switch (sort) {
    case 'ASSESSMENT':
      return { mutation: 'submitAssessment', input: random.pick(respondents) };
    case 'SLEEP':
      return probe({ behaviour: 'SLEEP', milliseconds: random.between(20, 1_200) });
    case 'LONG_SLEEP':
      return probe({ behaviour: 'SLEEP', milliseconds: random.between(leaseMs, Math.round(leaseMs * 1.3)) });
    case 'PROGRESS':
      return probe({ behaviour: 'PROGRESS', milliseconds: random.between(20, 150), times: random.between(2, 10) });
    case 'FLAKY':
      return probe({ behaviour: 'FLAKY', times: random.chance(0.9) ? 1 : 3 });
    case 'REFUSED':
      return probe({ behaviour: 'SLEEP', milliseconds: -1 });
    default:
      return probe({ behaviour: sort });
  }
}
