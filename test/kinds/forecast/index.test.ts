import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forecast } from '../../../src/kinds/forecast/index.ts';
import { type ForecastInput, forecastInput } from '../../../src/kinds/forecast/input.ts';
import { KindError } from '../../../src/kinds/kind.ts';
import type { Progress } from '../../../src/runner/context.ts';
import { openRunFiles } from '../../../src/runner/run-files.ts';
import { useStorage } from '../../support/files.ts';
import { runContext } from '../../support/run-context.ts';

const BIKES = path.join(import.meta.dirname, '../../../../shared/data/demand-bikes-daily.csv');
const HEADER = 'date,partnumber,site_code,demand_qty';
const DAY_MS = 86_400_000;
const storage = useStorage();

const given = (input: Partial<ForecastInput> = {}): ForecastInput => forecastInput.parse({ horizon: 3, ...input });
const dateOf = (day: number) => new Date(Date.UTC(2026, 0, 1) + day * DAY_MS).toISOString().slice(0, 10);

/** One part at one site from 2026-01-01 on. */
const table = (quantities: readonly number[], part = 'A', site = 'X') =>
  [HEADER, ...quantities.map((quantity, day) => `${dateOf(day)},${part},${site},${quantity}`)].join('\n');

async function run(
  text: string,
  input = given(),
  { signal = new AbortController().signal, onReport = (_: Progress): void => undefined } = {},
) {
  const bytes = Buffer.from(text);
  const storedAs = await storage().put(bytes);
  const file = { name: 'demand.csv', contentType: 'text/csv', size: bytes.length, storedAs };
  const { files, written } = openRunFiles(
    async () => storage().storage,
    { input: file, reserved: [randomUUID()] },
    signal,
  );
  const reports: Progress[] = [];
  const report = (one: Progress) => {
    reports.push(one);
    onReport(one);
  };
  const output = await forecast.run(input, runContext({ signal, files, report }));
  const csv = String(await storage().get(written[0]!.storedAs));
  return { output, reports, written, csv, rows: parse(csv, { columns: true }) as Record<string, string>[] };
}

describe('a forecast', () => {
  it('is a table of the days after the file, part by part and site by site', async () => {
    const week = [1, 2, 3, 4, 5, 6, 7];
    const { output, rows, csv, written } = await run(
      `${table(week)}\n${table(week, 'B').split('\n').slice(1).join('\n')}`,
    );
    expect(csv.split('\n')[0]).toBe('date,partnumber,site_code,forecast_qty,forecast_qty_raw');
    expect(rows).toEqual(
      ['A', 'B'].flatMap((part) =>
        [1, 2, 3].map((quantity, day) => ({
          date: dateOf(7 + day),
          partnumber: part,
          site_code: 'X',
          forecast_qty: String(quantity),
          forecast_qty_raw: String(quantity),
        })),
      ),
    );
    expect(written).toMatchObject([{ name: 'demand-forecast.csv', contentType: 'text/csv' }]);
    expect(forecast.output.parse(output)).toMatchObject({
      model: { name: 'assay-blend', version: '1' },
      ...{
        rows: 14,
        series: 2,
        shortSeries: 2,
        skippedSeries: 0,
        horizon: 3,
        firstDay: '2026-01-08',
        lastDay: '2026-01-10',
      },
      accuracy: { heldOutDays: 6 },
    });
  });

  it('is the same, byte by byte, whenever it is made', async () => {
    const text = table(Array.from({ length: 500 }, (_, day) => (day * 7919) % 101));
    const [one, two] = [await run(text, given({ horizon: 90 })), await run(text, given({ horizon: 90 }))];
    expect(two.csv).toBe(one.csv);
    expect(two.output).toEqual(one.output);
  });

  it.each([
    ['NEAREST', ['1', '2', '3']],
    ['UP', ['2', '2', '4']],
    ['DOWN', ['1', '1', '3']],
    ['NONE', ['1.4', '1.5', '3.01']],
  ] as const)('is rounded as it is asked for: %s', async (rounding, expected) => {
    const { rows } = await run(table([1.4, 1.5, 3.01, 4, 5, 6, 7]), given({ rounding }));
    expect(rows.map((row) => row.forecast_qty)).toEqual(expected);
    expect(rows.map((row) => row.forecast_qty_raw)).toEqual(['1.4', '1.5', '3.01']);
  });

  it('counts what is below a threshold as nothing, and still shows what the model said', async () => {
    const { rows } = await run(table([0.4, 2, 3, 4, 5, 6, 7]), given({ zeroThreshold: 2, rounding: 'UP' }));
    expect(rows.map((row) => [row.forecast_qty, row.forecast_qty_raw])).toEqual([
      ['0', '0.4'],
      ['2', '2'],
      ['3', '3'],
    ]);
  });

  it('may begin later than the file ends, or within it, and then knows nothing of the days from there on', async () => {
    const days = Array.from({ length: 14 }, (_, day) => day);
    const later = await run(table(days), given({ startDate: dateOf(16) }));
    expect(later.rows.map(({ date, forecast_qty }) => [date, forecast_qty])).toEqual([
      [dateOf(16), '9'],
      [dateOf(17), '10'],
      [dateOf(18), '11'],
    ]);
    const within = await run(table(days), given({ startDate: dateOf(7) }));
    expect(within.rows.map((row) => row.forecast_qty)).toEqual(['0', '1', '2']);
  });

  it('skips what begins on its first day or later', async () => {
    const text = `${table([1, 2, 3, 4, 5, 6, 7])}\n${dateOf(5)},B,X,9`;
    const { rows, output } = await run(text, given({ startDate: dateOf(5) }));
    expect(new Set(rows.map(({ partnumber }) => partnumber))).toEqual(new Set(['A']));
    expect(output).toMatchObject({ series: 1, skippedSeries: 1 });
  });

  it('is safe to open in a spreadsheet, and no name is lost by it', async () => {
    const starts = ['=', '+', '-', '@', '\uff1d', '\uff0b', '\uff0d', '\uff20', '"', "'", ';', ' '];
    const code = fc
      .tuple(fc.constantFrom('', ...starts), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }))
      .map((parts) => parts.join(''))
      .filter((text) => !/\p{Cc}/u.test(text) && text.length <= 100);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(code, { minLength: 1, maxLength: 20 }), code, async (parts, site) => {
        const given = parts.map((part) => [dateOf(0), part, site, '3']);
        const { rows, csv } = await run(stringify([HEADER.split(','), ...given]), forecastInput.parse({ horizon: 1 }));
        const defused = (text: string) => (/^[=+\-@\uff1d\uff0b\uff0d\uff20]/u.test(text) ? `'${text}` : text);
        expect(rows.map(({ partnumber }) => partnumber)).toEqual(parts.toSorted().map(defused));
        expect(new Set(rows.map(({ site_code }) => site_code))).toEqual(new Set([defused(site)]));
        for (const line of csv.split('\n').slice(1, -1)) {
          // Where semicolons part the cells, a quoted one stays whole.
          expect(line.replaceAll(/"(""|[^"])*"/g, 'x')).not.toMatch(/;|(^|,)[=+\-@]/);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('tells how far it is, and never less than before', async () => {
    const { reports } = await run(table(Array.from({ length: 300 }, () => 1)));
    const percents = reports.map(({ percent }) => percent);
    expect(percents).toEqual(percents.toSorted((one, other) => one - other));
    expect(percents.at(-1)).toBe(99);
    expect(new Set(reports.map(({ stage }) => stage))).toEqual(new Set(['reading', 'forecasting']));
  });

  it('beats the last week on days that it has not seen, with real demand', async (context) => {
    if (!existsSync(BIKES)) context.skip('the demand of the bicycles is not beside the project (../shared/data)');
    for (const horizon of [7, 30, 90]) {
      const { output, rows } = await run(readFileSync(BIKES, 'utf8'), given({ horizon }));
      const { model, seasonalNaive, heldOutDays } = output.accuracy;
      expect(heldOutDays).toBe(2 * Math.min(6, Math.floor(731 / 2 / horizon)) * horizon);
      expect(model.mae).toBeLessThan((seasonalNaive.mae ?? 0) * 0.9);
      expect(model.rmse).toBeLessThan((seasonalNaive.rmse ?? 0) * 0.9);
      expect(rows).toHaveLength(2 * horizon);
      expect(output).toMatchObject({ rows: 1_462, series: 2, shortSeries: 0, firstDay: '2013-01-01' });
    }
  });
});

describe('a forecast that cannot be made', () => {
  it.each([
    ['later than a year after the file', { startDate: dateOf(375) }, 'startDate: must be at most 366 days after'],
    ['before the file', { startDate: dateOf(0) }, 'startDate: no row of the file is before it'],
    ['of a site that is not there', { siteCodes: ['X', 'Y'] }, 'siteCodes: the site at place 2 is in no row'],
  ])('%s', async (_what, input, message) => {
    const failed = run(table([1, 2, 3, 4, 5, 6, 7, 8]), given(input));
    await expect(failed).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      retryable: false,
      message: expect.stringContaining(message) as string,
    });
  });

  it('without a file', async () => {
    await expect(async () => await forecast.run(given(), runContext())).rejects.toThrow(KindError);
  });

  it('when it is told to stop, after the part that it is at', async () => {
    const stopping = new AbortController();
    const parts = Array.from({ length: 50 }, (_, part) => table([1, 2, 3], `P${part}`).split('\n').slice(1).join('\n'));
    let forecasts = 0;
    const onReport = ({ stage }: Progress) => {
      if (stage !== 'forecasting') return;
      forecasts += 1;
      // As a message from another thread, it comes when nothing else is done.
      setImmediate(() => stopping.abort(new Error('stopped')));
    };
    const running = run([HEADER, ...parts].join('\n'), given(), { signal: stopping.signal, onReport });
    await expect(running).rejects.toThrow();
    expect(forecasts).toBeLessThan(10);
  });
});

describe('the input', () => {
  const faultsOf = (input: object) =>
    forecastInput.safeParse({ horizon: 30, ...input }).error?.issues.map(({ path: at }) => at.join('.'));

  it('has defaults', () => {
    expect(forecastInput.parse({ horizon: 30, siteCodes: null, rounding: null })).toEqual({
      horizon: 30,
      siteCodes: null,
      startDate: null,
      zeroThreshold: 0,
      rounding: 'NEAREST',
      dateFormat: 'YYYY-MM-DD',
    });
  });

  it.each([
    ['horizon', { horizon: 0 }],
    ['horizon', { horizon: 91 }],
    ['horizon', { horizon: 1.5 }],
    ['siteCodes', { siteCodes: [] }],
    ['siteCodes.1', { siteCodes: ['X', ''] }],
    ['siteCodes.0', { siteCodes: ['a\u0000b'] }],
    ['zeroThreshold', { zeroThreshold: -1 }],
    ['zeroThreshold', { zeroThreshold: Number.POSITIVE_INFINITY }],
    ['startDate', { startDate: '2026-02-30' }],
    ['startDate', { startDate: '2026-01-01', dateFormat: 'DD/MM/YYYY' }],
    ['dateFormat', { dateFormat: 'YYYY' }],
    ['dateFormat', { dateFormat: 'x'.repeat(1_000) }],
  ])('is refused at %s: %j', (at, input) => {
    expect(faultsOf(input)).toEqual([at]);
  });
});
