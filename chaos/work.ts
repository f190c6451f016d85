import { readFileSync } from 'node:fs';
import type { Random } from './random.ts';

/** A submit as it is sent: the mutation and its input, still without a key. */
export interface Work {
  mutation: 'submitProbe' | 'submitAssessment' | 'submitCompression' | 'submitForecast';
  input: Record<string, unknown>;
  /** A table that is uploaded first. */
  table?: string;
}

const respondents = readFileSync(new URL('../examples/respondents.sample.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Record<string, unknown>);

const SORTS = {
  ASSESSMENT: 24,
  COMPRESS: 5,
  FORECAST: 5,
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
    case 'COMPRESS':
      return {
        mutation: 'submitCompression',
        input: { algorithm: random.pick(['GZIP', 'BROTLI']), level: random.between(1, 9) },
        table: drawTable(random),
      };
    case 'FORECAST':
      return { mutation: 'submitForecast', input: { horizon: random.between(1, 90) }, table: drawTable(random) };
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

/** Demand for some parts over half a year; of one in ten a row cannot be read. */
function drawTable(random: Random): string {
  const rows = ['date,partnumber,site_code,demand_qty'];
  for (let part = random.between(1, 20); part > 0; part -= 1) {
    for (let day = 0; day < 180; day += 1) {
      const date = new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10);
      rows.push(`${date},P${part},X,${random.between(0, 99)}`);
    }
  }
  if (random.chance(0.1)) rows.push('2026-02-30,P1,X,1');
  return rows.join('\n');
}
