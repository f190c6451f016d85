import { harmonics } from './harmonics.ts';
import { type Model, mean, sequence, WEEK } from './model.ts';
import { smoothing } from './smoothing.ts';
import { seasonalNaive, weekdayMean } from './weekday-models.ts';

/** Below that the weeks say too little: their last one is as good as anything. */
const LEAST_DAYS = 8 * WEEK;
/** A wave of the year is seen only where it has come round, with a month to spare. */
const LEAST_DAYS_OF_WAVES = 396;

/** The name that is stored with a result. A change of the figures is another version. */
export const MODEL = { name: 'assay-blend', version: '1' } as const;

/** Whether a history is continued by its last week. */
export const isShort = (history: readonly number[]): boolean => history.length < LEAST_DAYS;

/**
 * The mean of three models that err in different ways, which errs less than each of them: the same weekday of four weeks,
 * smoothing, and where a year is known its waves. A short history is continued by its last week.
 */
export const blend: Model = (history, days) => {
  if (isShort(history)) return seasonalNaive(history, days);
  const models = history.length < LEAST_DAYS_OF_WAVES ? [weekdayMean, smoothing] : [weekdayMean, smoothing, harmonics];
  const told = models.map((model) => model(history, days));
  return sequence(days, (day) => mean(told.map((values) => values[day] ?? 0)));
};
