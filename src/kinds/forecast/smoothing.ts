import { type Model, mean, sequence, WEEK } from './model.ts';

/** How fast each part follows what happens, from 0 to 1, and how fast a trend dies out. */
interface Pace {
  readonly level: number;
  readonly trend: number;
  readonly season: number;
  readonly damping: number;
}

interface Followed {
  /** Mean absolute error of telling each day from those before. */
  readonly error: number;
  readonly level: number;
  readonly trend: number;
  readonly season: readonly number[];
  readonly pace: Pace;
}

const FIRST_WEEKS = 4;

const PACES: readonly Pace[] = [0.05, 0.1, 0.2, 0.35, 0.5].flatMap((level) =>
  [0.02, 0.05, 0.1, 0.2].flatMap((season) => [
    { level, season, trend: 0, damping: 1 },
    { level, season, trend: 0.05, damping: 0.9 },
    { level, season, trend: 0.1, damping: 0.98 },
  ]),
);

/**
 * Exponential smoothing with an additive week and a damped trend (Holt and Winters; damping after Gardner and McKenzie,
 * "Forecasting trends in time series", 1985). Of the paces in its list it takes the one that would have told each day of
 * the history best from those before. The history has at least four weeks.
 */
export const smoothing: Model = (history, days) => {
  const best = PACES.map((pace) => follow(history, pace)).reduce((one, other) =>
    other.error < one.error ? other : one,
  );
  const { level, trend, season, pace } = best;
  let [reach, share] = [0, 1];
  return sequence(days, (day) => {
    share *= pace.damping;
    reach += share;
    return Math.max(0, level + reach * trend + (season[(history.length + day) % WEEK] ?? 0));
  });
};

function follow(history: readonly number[], pace: Pace): Followed {
  const first = history.slice(0, FIRST_WEEKS * WEEK);
  let level = mean(first);
  let trend = 0;
  const season = sequence(WEEK, (day) => mean(first.filter((_, index) => index % WEEK === day)) - level);
  let error = 0;
  history.forEach((demand, index) => {
    const day = index % WEEK;
    const seasonal = season[day] ?? 0;
    const told = level + pace.damping * trend + seasonal;
    const missed = demand - told;
    if (index >= first.length) error += Math.abs(missed);
    level += pace.damping * trend + pace.level * missed;
    trend = pace.damping * trend + pace.level * pace.trend * missed;
    season[day] = seasonal + pace.season * (1 - pace.level) * missed;
  });
  return { error, level, trend, season, pace };
}
