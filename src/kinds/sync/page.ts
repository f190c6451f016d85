import type { StagedRow } from '../../runner/context.ts';
import { sourceError } from './failures.ts';

export interface Page {
  /** How many rows the source says it has; null where it does not say. */
  readonly announced: number | null;
  readonly rows: StagedRow[];
}

const LONGEST_ID = 200;
const DEEPEST = 32;
/** A search looks through so much of a row and no further. */
const MOST_WORDS = 10_000;

/**
 * Reads a page: `{ "total": 80534, "data": [{ "id": "…", … }] }`. Each row is kept as it came.
 * @param at the number of its first row, for messages
 * @throws KindError for anything else
 */
export function readPage(body: Uint8Array, at: number): Page {
  const page = parse(body, at);
  if (!isObject(page) || !Array.isArray(page.data)) throw misshapen(at, 'it has no list called data');
  const { total } = page;
  return {
    announced: typeof total === 'number' && Number.isSafeInteger(total) && total >= 0 ? total : null,
    rows: page.data.map((row: unknown, index) => readRow(row, at + index)),
  };
}

/** Nonsense today may be a page of maintenance, and gone tomorrow. */
function parse(body: Uint8Array, at: number): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    throw sourceError(`The source answered at row ${at} with something that is not JSON`, {
      isPassing: true,
      cause: error,
    });
  }
}

const misshapen = (at: number, what: string) =>
  sourceError(`The source does not keep to the agreed form at row ${at}: ${what}`, { isPassing: true });

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function readRow(row: unknown, at: number): StagedRow {
  if (!isObject(row)) throw misshapen(at, 'a row is no object');
  const id = typeof row.id === 'number' && Number.isSafeInteger(row.id) ? String(row.id) : row.id;
  if (typeof id !== 'string' || id === '' || id.length > LONGEST_ID) {
    throw misshapen(at, `a row has no id of 1 to ${LONGEST_ID} characters`);
  }
  const texts = [id];
  gather(row, texts, { at, depth: 1 });
  return { id, data: row, words: texts.join('\n').slice(0, MOST_WORDS).toLowerCase().toWellFormed() };
}

/** Collects the texts of a value, and refuses what could not be stored. */
function gather(value: unknown, texts: string[], place: { at: number; depth: number }): void {
  const { at, depth } = place;
  if (depth > DEEPEST) throw misshapen(at, `a row is nested deeper than ${DEEPEST} levels`);
  if (typeof value === 'string') texts.push(requireText(value, at));
  else if (Array.isArray(value)) for (const item of value) gather(item, texts, { at, depth: depth + 1 });
  else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      requireText(key, at);
      if (depth > 1 || key !== 'id') gather(item, texts, { at, depth: depth + 1 });
      else if (typeof item === 'string') requireText(item, at);
    }
  }
}

/** PostgreSQL's `jsonb` can hold neither U+0000 nor half of a surrogate pair. */
function requireText(text: string, at: number): string {
  if (text.includes('\0') || !text.isWellFormed()) throw misshapen(at, 'a row has text that is no Unicode');
  return text;
}
