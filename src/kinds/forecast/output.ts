import { z } from 'zod';

const accuracy = z.strictObject({
  mae: z.number().nullable(),
  rmse: z.number().nullable(),
  mape: z.number().nullable(),
  smape: z.number().nullable(),
});

/** What is stored of a forecast; the figures of each day are in its file. */
export const forecastOutput = z.strictObject({
  model: z.strictObject({ name: z.string(), version: z.string() }),
  /** Rows of the file. */
  rows: z.int(),
  /** Pairs of part and site that were forecast. */
  series: z.int(),
  /** Of these, how many were too short for the model, so that their last week was continued. */
  shortSeries: z.int(),
  /** Pairs that begin on the first forecast day or later. */
  skippedSeries: z.int(),
  horizon: z.int(),
  /** The forecast days, in the form of the file. */
  firstDay: z.string(),
  lastDay: z.string(),
  /** By days that were held out, in all series together; beside it, how seasonal-naive does on the same days. */
  accuracy: z.strictObject({ heldOutDays: z.int(), model: accuracy, seasonalNaive: accuracy }),
});
export type ForecastOutput = z.output<typeof forecastOutput>;
