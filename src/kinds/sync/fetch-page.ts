import { setTimeout as delay } from 'node:timers/promises';
import pRetry from 'p-retry';
import { KindError } from '../kind.ts';
import type { Budgets } from './budgets.ts';
import { sourceError, spoken, TryAgain } from './failures.ts';
import { request } from './request.ts';

/** A source as it is asked: where, as whom, and within which budgets. */
export interface Source {
  readonly url: string;
  readonly token?: string;
  readonly budgets: Budgets;
}

const LONGEST_PAUSE_MS = 5_000;

/**
 * The bytes of one page: asked for again where that may help.
 * @param at the number of the row at which the page begins
 * @throws KindError when it cannot be had; the signal's reason when it is aborted
 */
export async function fetchPage(source: Source, at: number, signal: AbortSignal): Promise<Uint8Array> {
  const { busyTries, pauseMs } = source.budgets;
  try {
    return await pRetry(() => tryPage(source, at, signal), {
      retries: busyTries - 1,
      minTimeout: pauseMs,
      maxTimeout: LONGEST_PAUSE_MS,
      randomize: true,
      signal,
      shouldRetry: ({ error, attemptNumber }) => error instanceof TryAgain && attemptNumber < error.tries,
      async onFailedAttempt({ error, attemptNumber }) {
        if (!(error instanceof TryAgain) || attemptNumber >= error.tries) return;
        if (error.waitMs > 0) await delay(error.waitMs, undefined, { signal });
      },
    });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error instanceof TryAgain ? error.verdict : error;
  }
}

async function tryPage(source: Source, at: number, signal: AbortSignal): Promise<Uint8Array> {
  const { budgets, token } = source;
  const url = new URL(source.url);
  url.searchParams.set('offset', String(at));
  url.searchParams.set('limit', String(budgets.pageRows));
  const headers = { accept: 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const patience = AbortSignal.timeout(budgets.pageMs);
  try {
    const response = await request(url, headers, AbortSignal.any([signal, patience]));
    if (!response.ok) {
      await response.body?.cancel();
      throw refusal(response, at, budgets);
    }
    return await readBody(response, at, budgets);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof KindError || error instanceof TryAgain) throw error;
    if (patience.aborted) throw tooSlow(at, budgets);
    throw unreachable(error, at, budgets);
  }
}

function refusal({ status, headers }: Response, at: number, { tries, busyTries, longestWaitMs }: Budgets): Error {
  const verdict = (isPassing: boolean) => sourceError(`The source answered ${status} at row ${at}`, { isPassing });
  if (status === 429 || status === 503) {
    const waitMs = waitOf(headers.get('retry-after'));
    if (waitMs > longestWaitMs) {
      return sourceError(`The source wants to be left alone for more than ${spoken(longestWaitMs)}`, {
        isPassing: true,
      });
    }
    return new TryAgain(verdict(true), { tries: status === 429 ? busyTries : tries, waitMs });
  }
  return status >= 500 || status === 408 ? new TryAgain(verdict(true), { tries }) : verdict(false);
}

/** RFC 9110, 10.2.3: seconds, or a date. What is neither asks for nothing. */
function waitOf(retryAfter: string | null): number {
  if (retryAfter === null) return 0;
  if (/^\s*\d{1,9}\s*$/.test(retryAfter)) return Number(retryAfter) * 1_000;
  const date = Date.parse(retryAfter);
  return Number.isNaN(date) ? 0 : Math.max(0, date - Date.now());
}

/** Counted as it comes, so that neither a page without an end nor a compressed bomb is ever held in memory. */
async function readBody(response: Response, at: number, { pageBytes }: Budgets): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > pageBytes) throw sourceError(`The source gave more than ${pageBytes} bytes in one page, at row ${at}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const tooSlow = (at: number, { pageMs, slowTries }: Budgets) =>
  new TryAgain(sourceError(`The source took longer than ${spoken(pageMs)} for the page at row ${at}`), {
    tries: slowTries,
  });

/** By the code of the fault alone: the rest of such an error names addresses. */
function unreachable(error: unknown, at: number, { tries }: Budgets): TryAgain {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const isCut = error instanceof Error && error.message === 'terminated';
  const what = isCut ? 'The source broke off in the middle of the page' : 'The source could not be reached';
  const why = /^[A-Z_]{1,40}$/.test(code) ? ` (${code})` : '';
  return new TryAgain(sourceError(`${what} at row ${at}${why}`, { isPassing: true, cause: error }), { tries });
}
