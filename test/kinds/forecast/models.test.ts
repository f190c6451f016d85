import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Errors } from '../../../src/kinds/forecast/accuracy.ts';
import { blend } from '../../../src/kinds/forecast/blend.ts';
import { harmonics } from '../../../src/kinds/forecast/harmonics.ts';
import { type Model, sequence } from '../../../src/kinds/forecast/model.ts';
import { smoothing } from '../../../src/kinds/forecast/smoothing.ts';
import { Trial } from '../../../src/kinds/forecast/trial.ts';
import { seasonalNaive, weekdayMean } from '../../../src/kinds/forecast/weekday-models.ts';

const WEEK = [10, 20, 30, 40, 50, 5, 0];
const weekly = (days: number) => sequence(days, (day) => WEEK[day % 7] ?? 0);
/** A week on a wave of the year, the same at every call. */
const yearly = (days: number) =>
  sequence(days, (day) => 200 + 80 * Math.sin((2 * Math.PI * day) / 365.25) + (WEEK[day % 7] ?? 0));

const models: [string, Model, number][] = [
  ['seasonalNaive', seasonalNaive, 0],
  ['weekdayMean', weekdayMean, 28],
  ['smoothing', smoothing, 28],
  ['harmonics', harmonics, 396],
  ['blend', blend, 0],
];

describe.each(models)('%s', (_name, model, least) => {
  const histories = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), {
    minLength: least,
    maxLength: least + 100,
  });

  it('tells as many days as are asked for, none of them below zero, and the same ones again', () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 1, max: 90 }), (history, days) => {
        const told = model(history, days);
        expect(told).toHaveLength(days);
        for (const value of told) expect(value).toBeGreaterThanOrEqual(0);
        expect(told.every(Number.isFinite)).toBe(true);
        expect(model(history, days)).toEqual(told);
      }),
      { numRuns: 50 },
    );
  });

  it('continues a week that repeats itself', () => {
    const told = model(weekly(800), 30);
    const misses = told.map((value, day) => Math.abs(value - (WEEK[(800 + day) % 7] ?? 0)));
    expect(Math.max(...misses)).toBeLessThan(2);
  });

  it('sees nothing where nothing was', () => {
    expect(
      model(
        sequence(800, () => 0),
        30,
      ),
    ).toEqual(sequence(30, () => 0));
  });
});

describe('harmonics', () => {
  it('sees the wave of a year coming, which the last weeks do not show', () => {
    const known = yearly(730);
    const future = yearly(820).slice(730);
    const errors = (model: Model) => {
      const sum = new Errors();
      for (const [day, told] of model(known, 90).entries()) sum.add(future[day] ?? 0, told);
      return sum.accuracy.mae ?? 0;
    };
    expect(errors(harmonics)).toBeLessThan(3);
    expect(errors(seasonalNaive)).toBeGreaterThan(30);
  });
});

describe('the blend', () => {
  it('continues a short history by its last week', () => {
    const short = sequence(55, (day) => day);
    expect(blend(short, 10)).toEqual(seasonalNaive(short, 10));
    expect(blend([...short, 55], 10)).not.toEqual(seasonalNaive([...short, 55], 10));
  });

  it('continues less than a week by its mean, and nothing by nothing', () => {
    expect(blend([1, 2, 3], 2)).toEqual([2, 2]);
    expect(blend([], 2)).toEqual([0, 0]);
  });
});

describe('the accuracy', () => {
  it('is that of the textbook', () => {
    const errors = new Errors();
    for (const [demand, told] of [
      [10, 8],
      [0, 2],
      [4, 7],
      [0, 0],
    ] as const)
      errors.add(demand, told);
    const { mae, rmse, mape, smape } = errors.accuracy;
    expect(mae).toBeCloseTo((2 + 2 + 3 + 0) / 4, 4);
    expect(rmse).toBeCloseTo(Math.sqrt((4 + 4 + 9) / 4), 4);
    expect(mape).toBeCloseTo((20 + 75) / 2, 4);
    expect(smape).toBeCloseTo((100 * (2 / 9 + 2 + 3 / 5.5 + 0)) / 4, 3);
  });

  it('is null where there was nothing to measure it by', () => {
    const errors = new Errors();
    expect(errors.accuracy).toEqual({ mae: null, rmse: null, mape: null, smape: null });
    errors.add(0, 3);
    expect(errors.accuracy).toMatchObject({ mae: 3, mape: null, smape: 200 });
  });
});

describe('a trial', () => {
  it('holds out six times the days that are forecast, and both models tell all of them', () => {
    const trial = new Trial();
    trial.add(yearly(730), 30);
    const { heldOutDays, model, seasonalNaive: naive } = trial.accuracy;
    expect(heldOutDays).toBe(180);
    expect(model.mae).toBeLessThan(naive.mae ?? 0);
  });

  it('leaves half of the history to learn from, and none where that is less than what is forecast', () => {
    const held = (length: number) => {
      const trial = new Trial();
      trial.add(weekly(length), 30);
      return trial.accuracy.heldOutDays;
    };
    expect([59, 60, 119, 120, 359, 360, 2_000].map(held)).toEqual([0, 30, 30, 60, 150, 180, 180]);
  });
});
