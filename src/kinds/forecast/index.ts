import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { stringify } from 'csv-stringify';
import type { RunContext, RunInput } from '../../runner/context.ts';
import { type Kind, KindError } from '../kind.ts';
import { blend, isShort, MODEL } from './blend.ts';
import { readDemand, type Series } from './demand.ts';
import { type ForecastInput, forecastInput, formOf } from './input.ts';
import { type ForecastOutput, forecastOutput } from './output.ts';
import { type Plan, planOf } from './plan.ts';
import { quantityOf } from './rounding.ts';
import { Trial } from './trial.ts';

const COLUMNS = ['date', 'partnumber', 'site_code', 'forecast_qty', 'forecast_qty_raw'];
/** The share of reading in the whole, in percent. */
const READING = 20;

/** A table of past demand in, a table of the demand to come out. */
export const forecast: Kind<ForecastInput, ForecastOutput> = {
  policy: { price: 1, maxAttempts: 3, runLimitMs: 3_300_000 },
  input: forecastInput,
  output: forecastOutput,
  outputFiles: 1,
  run,
};

async function run(input: ForecastInput, context: RunContext): Promise<ForecastOutput> {
  const { files, report, signal } = context;
  const { input: file } = files;
  if (!file) throw new KindError('There is no file to forecast from', { code: 'INVALID_INPUT', retryable: false });
  const form = formOf(input);
  const demand = await readDemand(counted(file, report), { form, siteCodes: input.siteCodes });
  const plan = planOf(input, demand);
  const trial = new Trial();
  await pipeline(
    rowsOf(input, plan, trial, context),
    // What a spreadsheet would take for a formula is made text, also where it parts cells by semicolons or tabs.
    stringify({ header: true, columns: COLUMNS, escape_formulas: true, quoted_match: /^[=+\-@＝＋－＠]|[;\t]/ }),
    async (csv: AsyncIterable<Buffer>) => {
      await files.write({ name: nameOf(file.name), contentType: 'text/csv' }, csv);
    },
    { signal },
  );
  return {
    model: MODEL,
    rows: demand.rows,
    series: plan.series.length,
    shortSeries: plan.series.filter(({ demand: history }) => isShort(history)).length,
    skippedSeries: plan.skippedSeries,
    horizon: input.horizon,
    firstDay: form.write(plan.firstDay),
    lastDay: form.write(plan.firstDay + input.horizon - 1),
    accuracy: trial.accuracy,
  };
}

/** The bytes of a file, and word of how many have been read. */
async function* counted(file: RunInput, report: RunContext['report']): AsyncGenerator<Uint8Array> {
  let current = 0;
  for await (const chunk of await file.read()) {
    yield chunk;
    current += chunk.length;
    report({ percent: Math.floor((current / file.size) * READING), stage: 'reading', current, expected: file.size });
  }
}

/** The rows of the forecast, series by series; each is tried out as well. */
async function* rowsOf(input: ForecastInput, plan: Plan, trial: Trial, { report }: RunContext) {
  const expected = plan.series.length;
  for (const [index, series] of plan.series.entries()) {
    // The work is synchronous, and would not let an abort arrive, which ends the pipeline.
    await setImmediate();
    trial.add(series.demand, input.horizon);
    yield* forecastOf(series, input, plan);
    const current = index + 1;
    const percent = READING + Math.floor((current / expected) * (99 - READING));
    report({ percent, stage: 'forecasting', current, expected });
  }
}

function* forecastOf({ partnumber, siteCode, demand }: Series, input: ForecastInput, { firstDay, daysAhead }: Plan) {
  const form = formOf(input);
  const told = blend(demand, daysAhead + input.horizon).slice(daysAhead);
  for (const [day, value] of told.entries()) {
    const { raw, quantity } = quantityOf(value, input);
    yield [form.write(firstDay + day), partnumber, siteCode, quantity, raw];
  }
}

/** `demand.csv` is followed by `demand-forecast.csv`. */
const nameOf = (name: string): string => `${name.replace(/\.csv$/i, '')}-forecast.csv`;
