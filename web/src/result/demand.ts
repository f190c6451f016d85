import { parse } from 'csv-parse/browser/esm/sync';

/** A day of the chart; a day has history or forecast, or both where the forecast begins within the table. */
export interface Day {
  date: string;
  history?: number;
  forecast?: number;
}

export interface Demand {
  /** `part · site` of each series, in order. */
  series: string[];
  /** @param series one of them, or undefined for all together */
  days(series: string | undefined): Day[];
}

type Row = Record<string, string>;

/**
 * Adds up two tables, the demand that was and the one that is forecast.
 * @param form how the tables write days, such as `DD/MM/YYYY`
 */
export function readDemand(history: string, forecast: string, form: string): Demand {
  const past = rowsOf(history);
  const future = rowsOf(forecast);
  return {
    series: [...new Set(future.map(seriesOf))].sort(),
    days(series) {
      const days = new Map<string, Day>();
      add(days, past, 'history', 'demand_qty', series);
      add(days, future, 'forecast', 'forecast_qty', series);
      const inOrder = [...days.values()].map((day) => ({ ...day, date: isoOf(day.date, form) }));
      return inOrder.sort((one, other) => (one.date < other.date ? -1 : 1));
    },
  };
}

const rowsOf = (text: string): Row[] => parse(text, { columns: true, bom: true, trim: true, skip_empty_lines: true });

const isoOf = (date: string, form: string): string =>
  ['YYYY', 'MM', 'DD'].map((part) => date.slice(form.indexOf(part), form.indexOf(part) + part.length)).join('-');

const seriesOf = ({ partnumber, site_code }: Row): string => `${partnumber} · ${site_code}`;

function add(
  days: Map<string, Day>,
  rows: readonly Row[],
  name: 'history' | 'forecast',
  column: string,
  series: string | undefined,
): void {
  for (const row of rows) {
    if (series !== undefined && seriesOf(row) !== series) continue;
    const date = row.date ?? '';
    const day = days.get(date) ?? { date };
    day[name] = (day[name] ?? 0) + Number(row[column]);
    days.set(date, day);
  }
}
