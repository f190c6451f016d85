import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { dateFormOf } from '../../src/kinds/forecast/dates.ts';
import { readDemand } from '../../src/kinds/forecast/demand.ts';
import { forecastInput } from '../../src/kinds/forecast/input.ts';
import { Trial } from '../../src/kinds/forecast/trial.ts';
import { useDatabase } from '../support/database.ts';
import { readPage, runPage } from '../support/page-session.ts';

const BIKES = path.join(import.meta.dirname, '../../../shared/data/demand-bikes-daily.csv');
const page = readPage('forecast.md');
const database = useDatabase();

test('the session of the page uploads a table, forecasts from it and downloads', { timeout: 90_000 }, async () => {
  const said = await runPage(page, database().url);
  expect(JSON.parse(said.upload ?? '')).toMatchObject({ upload: { size: expect.any(Number) } });
  expect(JSON.parse(said.submit ?? '')).toMatchObject({ data: { submitForecast: { userErrors: [] } } });
  expect(said.watch).toMatch(/"type":"COMPLETED".*event: complete/s);
  expect(JSON.parse(said.result ?? '').data.job).toMatchObject({
    failure: null,
    result: { testResult: { rows: 730, series: 2, horizon: 30, firstDay: '2026-01-01' } },
    files: [
      { name: 'demand.csv', role: 'INPUT' },
      { name: 'demand-forecast.csv', role: 'OUTPUT' },
    ],
  });
  expect(said.download).toMatch(
    /^date,partnumber,site_code,forecast_qty,forecast_qty_raw\n2026-01-01,bolt,BERLIN,\d+,[\d.]+\n2026-01-02,/,
  );
});

test('the table of inputs has the defaults of the code', () => {
  const rows = [...page.matchAll(/^\| `(\w+)` \| `?(\S+?)`? \| .* \|$/gm)].map(([, name, standard]) => [
    name,
    standard,
  ]);
  const { siteCodes, startDate, ...defaults } = forecastInput.parse({ horizon: 30 });
  expect([siteCodes, startDate]).toEqual([null, null]);
  for (const [name, standard] of Object.entries(defaults)) expect(rows).toContainEqual([name, String(standard)]);
});

test('the figures of the bicycles are those of the model', async (context) => {
  if (!existsSync(BIKES)) context.skip('the demand of the bicycles is not beside the project (../shared/data)');
  async function* bytes() {
    yield readFileSync(BIKES);
  }
  const { series } = await readDemand(bytes(), { form: dateFormOf('YYYY-MM-DD')!, siteCodes: null });
  const rows = [7, 30, 90].map((horizon) => {
    const trial = new Trial();
    for (const { demand } of series) trial.add(demand, horizon);
    const { model, seasonalNaive } = trial.accuracy;
    const figures = (['mae', 'rmse', 'mape', 'smape'] as const).flatMap((name) => [model[name], seasonalNaive[name]]);
    return [horizon, ...figures.map((figure) => Math.round(figure ?? 0).toLocaleString('en'))].map(String);
  });
  const told = [...page.matchAll(/^\| (7|30|90) \| (.+) \|$/gm)].map(([, days, cells = '']) => [
    days,
    ...cells.split(' | '),
  ]);
  expect(told).toEqual(rows);
});
