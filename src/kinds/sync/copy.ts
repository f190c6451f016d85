import type { RunContext } from '../../runner/context.ts';
import type { Budgets } from './budgets.ts';
import { sourceError, spoken } from './failures.ts';
import { fetchPage, type Source } from './fetch-page.ts';
import { readPage } from './page.ts';
import type { SyncInput, SyncOutput } from './shapes.ts';

/** What was read so far. */
interface Tally {
  rows: number;
  records: number;
  announced: number | null;
  pages: number;
  bytes: number;
}

/**
 * Reads a source page by page to its first empty one, whatever it says of its total, and stages what it finds: one page
 * in memory at a time.
 * @throws KindError with the code UPSTREAM_ERROR where the source fails, or asks for more than a sync may take
 */
export async function copySource(
  { source: name }: SyncInput,
  context: RunContext,
  budgets: Budgets,
): Promise<SyncOutput> {
  const { settings, stage } = context;
  const address = settings.syncSources[name];
  if (!address) throw sourceError(`No address is configured for the source ${name}`);
  const source: Source = { ...address, budgets };
  const patience = AbortSignal.timeout(budgets.totalMs);
  const signal = AbortSignal.any([context.signal, patience]);

  const tally: Tally = { rows: 0, records: 0, announced: null, pages: 0, bytes: 0 };
  try {
    for (;;) {
      const body = await fetchPage(source, tally.rows, signal);
      const { rows, announced } = readPage(body, tally.rows);
      tally.pages += 1;
      tally.bytes += body.byteLength;
      tally.announced = announced;
      if (rows.length === 0) return { source: name, ...tally, warnings: warningsOf(tally) };
      tally.rows += rows.length;
      requireWithin(tally, settings.syncRows, budgets);
      tally.records = await stage(rows);
      context.report(progressOf(name, tally));
    }
  } catch (error) {
    if (patience.aborted && !context.signal.aborted) {
      throw sourceError(`The source took longer than ${spoken(budgets.totalMs)} in all, and gave ${tally.rows} rows`);
    }
    throw error;
  }
}

function requireWithin({ rows, bytes }: Tally, mostRows: number, { totalBytes }: Budgets): void {
  if (rows > mostRows) throw sourceError(`The source gave more than the ${mostRows} rows that a sync may read`);
  if (bytes > totalBytes) throw sourceError(`The source gave more than ${totalBytes} bytes in all`);
}

/** The total is the source's word and no more: it decides about nothing but this estimate. */
function progressOf(name: string, { rows, announced }: Tally) {
  const percent = announced === null || announced === 0 ? 0 : Math.min(99, Math.floor((rows / announced) * 100));
  return {
    ...{ percent, stage: 'reading', message: `Reading ${name}`, offset: rows, current: rows },
    ...(announced === null ? {} : { expected: announced }),
  };
}

function warningsOf({ rows, records, announced }: Tally): string[] {
  const isWrong = announced !== null && announced !== rows && announced !== records;
  return [
    ...(isWrong ? [`The source announced ${announced} rows and gave ${records} different ones`] : []),
    ...(rows > records
      ? [`${rows - records} rows came with an id that was there before: the last of each counts`]
      : []),
  ];
}
