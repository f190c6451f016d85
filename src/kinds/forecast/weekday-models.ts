import { type Model, mean, sequence, WEEK } from './model.ts';

const WEEKS_OF_MEAN = 4;

/**
 * Each day as the same weekday of the last week: what every other model has to beat. Of a history shorter than a week, its
 * mean.
 */
export const seasonalNaive: Model = (history, days) =>
  history.length < WEEK
    ? sequence(days, () => mean(history))
    : sequence(days, (day) => history[history.length - WEEK + (day % WEEK)] ?? 0);

/** Each day as the mean of the same weekday in the last four weeks. The history has at least these. */
export const weekdayMean: Model = (history, days) =>
  sequence(days, (day) =>
    mean(sequence(WEEKS_OF_MEAN, (week) => history[history.length - WEEK * (week + 1) + (day % WEEK)] ?? 0)),
  );
