import { KindError } from '../kind.ts';
import type { Demand, Series } from './demand.ts';
import { type ForecastInput, formOf } from './input.ts';

const MOST_DAYS_AHEAD = 366;

/** What is to be forecast. */
export interface Plan {
  /** Days since 1970-01-01. */
  readonly firstDay: number;
  /** Each with the demand before the first day. */
  readonly series: readonly Series[];
  /** Days between the last one of the file and the first day. */
  readonly daysAhead: number;
  readonly skippedSeries: number;
}

/**
 * Finds the first day: the one that is asked for, or the one after the file.
 * @throws KindError INVALID_INPUT where nothing is known before it, or it is more than 366 days after the file
 */
export function planOf(input: ForecastInput, demand: Demand): Plan {
  const next = demand.lastDay + 1;
  const firstDay = (input.startDate === null ? null : formOf(input).read(input.startDate)) ?? next;
  const daysAhead = Math.max(0, firstDay - next);
  if (daysAhead > MOST_DAYS_AHEAD) {
    throw invalid(`startDate: must be at most ${MOST_DAYS_AHEAD} days after the last day of the file`);
  }
  const series = demand.series
    .filter((one) => one.firstDay < firstDay)
    .map((one) => ({ ...one, demand: one.demand.slice(0, firstDay - one.firstDay) }));
  if (series.length === 0) throw invalid('startDate: no row of the file is before it');
  return { firstDay, series, daysAhead, skippedSeries: demand.series.length - series.length };
}

const invalid = (message: string) => new KindError(message, { code: 'INVALID_INPUT', retryable: false });
