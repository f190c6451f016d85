import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { KindError } from '../kind.ts';
import type { DateForm } from './dates.ts';
import { sequence } from './model.ts';

/** Demand for one part at one site. */
export interface Series {
  readonly partnumber: string;
  readonly siteCode: string;
  /** Days since 1970-01-01. */
  readonly firstDay: number;
  /** Day by day from the first one to the last day of the file; 0 where the file has no row. */
  readonly demand: readonly number[];
}

export interface Demand {
  /** By part and site, in the order of their letters. */
  readonly series: readonly Series[];
  /** Rows that were read, of all sites. */
  readonly rows: number;
  /** The last day on which any row is. */
  readonly lastDay: number;
}

const COLUMNS = ['date', 'partnumber', 'site_code', 'demand_qty'] as const;
type Column = (typeof COLUMNS)[number];
type Row = Record<Column, string>;

const NUMBER = /^-?\d{1,15}(\.\d{1,15})?$/;
const MOST_CODE = 100;
const CONTROL = /\p{Cc}/u;
const MOST_SERIES = 20_000;
const MOST_DAYS = 7_305;
const MOST_DAYS_IN_ALL = 10_000_000;
const MOST_RECORD_CHARACTERS = 65_536;

/**
 * Reads a table of demand. Several rows of a day, part and site are summed.
 * @param siteCodes the sites that are wanted; null for all
 * @throws KindError INVALID_INPUT that names the row, counted from 1 with the header and empty lines, and the column
 */
export async function readDemand(
  bytes: AsyncIterable<Uint8Array>,
  { form, siteCodes }: { form: DateForm; siteCodes: readonly string[] | null },
): Promise<Demand> {
  const table = new Table(form, siteCodes && new Set(siteCodes));
  const parser = parse({
    bom: true,
    columns: headerOf,
    skip_empty_lines: true,
    max_record_size: MOST_RECORD_CHARACTERS,
    // A row is taken as it is found: nothing waits in the stream.
    on_record(record: Row, { lines }) {
      table.add(lines, record);
      return null;
    },
  });
  try {
    await pipeline(checked(bytes), parser.resume());
  } catch (error) {
    throw error instanceof CsvError ? invalid(csvFault(error)) : error;
  }
  if (table.rows === 0) throw invalid('The file has no rows');
  return table.demand();
}

class Table {
  rows = 0;
  readonly #form: DateForm;
  readonly #sites: ReadonlySet<string> | null;
  readonly #days = new Map<string, { partnumber: string; siteCode: string; demand: Map<number, number> }>();
  #lastDay = Number.NEGATIVE_INFINITY;
  #daysInAll = 0;

  constructor(form: DateForm, sites: ReadonlySet<string> | null) {
    this.#form = form;
    this.#sites = sites;
  }

  add(row: number, { date, partnumber, site_code: siteCode, demand_qty: quantity }: Row): void {
    const fault = (column: Column, rule: string) => invalid(`Row ${row}, column ${column}: ${rule}`);
    const day = this.#form.read(date);
    if (day === null) throw fault('date', `must be a day in the form ${this.#form.name}`);
    for (const [column, code] of Object.entries({ partnumber, site_code: siteCode })) {
      if (code === '' || code.length > MOST_CODE || CONTROL.test(code)) {
        throw fault(column as Column, `must have 1 to ${MOST_CODE} characters, none of them a control character`);
      }
    }
    if (!NUMBER.test(quantity)) throw fault('demand_qty', 'must be a number');
    const demand = Number(quantity);
    if (demand < 0) throw fault('demand_qty', 'must not be negative');
    this.rows += 1;
    this.#lastDay = Math.max(this.#lastDay, day);
    if (this.#sites && !this.#sites.has(siteCode)) return;
    const days = this.#daysOf(partnumber, siteCode);
    days.set(day, (days.get(day) ?? 0) + demand);
  }

  #daysOf(partnumber: string, siteCode: string): Map<number, number> {
    const key = `${partnumber}\n${siteCode}`;
    const known = this.#days.get(key);
    if (known) return known.demand;
    if (this.#days.size >= MOST_SERIES) throw invalid(`The file has more than ${MOST_SERIES} pairs of part and site`);
    const demand = new Map<number, number>();
    this.#days.set(key, { partnumber, siteCode, demand });
    return demand;
  }

  /** @throws KindError INVALID_INPUT where a wanted site is in no row, or the days reach too far */
  demand(): Demand {
    const found = new Set([...this.#days.values()].map(({ siteCode }) => siteCode));
    const missing = [...(this.#sites ?? [])].findIndex((code) => !found.has(code));
    if (missing >= 0) throw invalid(`siteCodes: the site at place ${missing + 1} is in no row`);
    const keys = [...this.#days.keys()].toSorted();
    const series = keys.flatMap((key) => this.#days.get(key) ?? []).map((one) => this.#seriesOf(one));
    return { series, rows: this.rows, lastDay: this.#lastDay };
  }

  #seriesOf({ partnumber, siteCode, demand }: { partnumber: string; siteCode: string; demand: Map<number, number> }) {
    const firstDay = [...demand.keys()].reduce((one, other) => Math.min(one, other));
    const length = this.#lastDay - firstDay + 1;
    if (length > MOST_DAYS) throw invalid(`The file spans more than ${MOST_DAYS} days`);
    this.#daysInAll += length;
    if (this.#daysInAll > MOST_DAYS_IN_ALL) {
      throw invalid(`The file has more than ${MOST_DAYS_IN_ALL} days, part by part and site by site`);
    }
    return { partnumber, siteCode, firstDay, demand: sequence(length, (day) => demand.get(firstDay + day) ?? 0) };
  }
}

/** @throws KindError where the bytes are no UTF-8 */
async function* checked(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of bytes) {
      decoder.decode(chunk, { stream: true });
      yield chunk;
    }
    decoder.decode();
  } catch (error) {
    throw error instanceof TypeError ? invalid('The file must be text in UTF-8') : error;
  }
}

/** @throws KindError where a column is missing or comes twice */
function headerOf(header: string[]): string[] {
  const names = header.map((name) => name.trim());
  for (const column of COLUMNS) {
    const times = names.filter((name) => name === column).length;
    if (times === 0) throw invalid(`Row 1: the column ${column} is missing`);
    if (times > 1) throw invalid(`Row 1: the column ${column} comes ${times} times`);
  }
  return names;
}

function csvFault({ code, ...place }: CsvError): string {
  const row = String(place.lines ?? '?');
  if (code === 'CSV_RECORD_INCONSISTENT_COLUMNS' || code === 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH') {
    return `Row ${row}: has another number of columns than row 1`;
  }
  return code === 'CSV_MAX_RECORD_SIZE' ? `Row ${row}: is too long` : `Row ${row}: a quote is out of place`;
}

const invalid = (message: string) => new KindError(message, { code: 'INVALID_INPUT', retryable: false });
