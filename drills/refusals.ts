import { describeFailures, type Load } from './load.ts';
import type { Probing } from './probing.ts';
import type { Site } from './site.ts';
import type { Verdict } from './verdict.ts';

const ANSWER_LIMIT_MS = 6_000;
const RECOVERY_LIMIT_MS = 5_000;

/** A time in which nothing can be written, by performance.now(). */
export interface Span {
  from: number;
  until: number;
}

/** Whether each submit was answered soon, and by what a client can act on. */
export function judgeSubmits({ submits }: Probing, verdict: Verdict, { from, until }: Span): void {
  const during = submits.filter(({ at }) => at > from && at < until);
  const refused = during.filter(({ code }) => code !== 'ok');
  const longest = Math.max(...during.map(({ ms }) => ms));
  verdict.expect('submits were answered within 6 s', longest <= ANSWER_LIMIT_MS, `${longest.toFixed(0)} ms at most`);
  const counts = Map.groupBy(refused, ({ status, code }) => `${status} ${code}`);
  const shown = [...counts].map(([key, { length }]) => `${length} × ${key}`).join(', ');
  const isClear = refused.every(({ status, code }) => status === 503 && code === 'SERVICE_UNAVAILABLE');
  verdict.expect('with SERVICE_UNAVAILABLE', isClear && refused.length > 0, `${shown} of ${during.length}`);
  verdict.expect(
    'and when to come back',
    refused.every(({ retryAfter }) => Number(retryAfter) > 0),
    'Retry-After',
  );
}

/** Whether a supervisor leaves the process alone, and a balancer does not. */
export function judgePaths({ paths }: Probing, verdict: Verdict, { from, until }: Span): void {
  const health = paths.filter(({ path }) => path === '/healthz');
  const isWell = health.every(({ status }) => status === 200);
  const slowest = Math.max(...health.map(({ ms }) => ms));
  verdict.expect('/healthz 200', isWell, `${health.length} times, ${slowest.toFixed(0)} ms at most`);
  const ready = paths.filter(({ path }) => path === '/readyz');
  const wrong = ready.filter(({ at, ms, status }) => status !== 503 && at > from && at + ms < until);
  const lateMs = Math.max(0, ...wrong.map(({ at }) => at - from));
  verdict.expect('/readyz 503', lateMs < ANSWER_LIMIT_MS, `${(lateMs / 1_000).toFixed(1)} s after it began`);
  const last = ready.filter(({ at, ms, status }) => at > from && at + ms < until && status === 503).at(-1);
  verdict.note('/readyz says', last?.body ?? 'nothing');
}

/** From its end on until each API takes work, is ready and a job is done. */
export async function judgeReturn(
  { urls, postgres }: Site,
  { probing, load }: { probing: Probing; load: Load },
  verdict: Verdict,
  until: number,
): Promise<void> {
  const firstOf = (seen: readonly { at: number; ms: number }[]) =>
    seen.reduce((least, { at, ms }) => Math.min(least, at + ms), Number.POSITIVE_INFINITY) - until;
  const after = <T extends { at: number }>(seen: readonly T[]) => seen.filter(({ at }) => at > until);
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s after its end`;
  const taken = urls.map((url) =>
    firstOf(after(probing.submits).filter((seen) => seen.url === url && seen.code === 'ok')),
  );
  const ready = urls.map((url) =>
    firstOf(after(probing.paths).filter((seen) => seen.url === url && seen.path === '/readyz' && seen.status === 200)),
  );
  const ids = after(probing.submits).flatMap(({ jobId }) => (jobId === undefined ? [] : [jobId]));
  const [done] = await postgres.query<{ ms: number }>(
    `select extract(epoch from min(finished_at)) * 1000 as ms from audit_v1.jobs where id = any($1) and status = 'COMPLETED'`,
    [ids],
  );
  const doneMs = Number(done?.ms ?? Number.NaN) - (performance.timeOrigin + until);
  verdict.expect('each API takes work', Math.max(...taken) <= RECOVERY_LIMIT_MS, seconds(Math.max(...taken)));
  verdict.expect('each API is ready', Math.max(...ready) <= RECOVERY_LIMIT_MS, seconds(Math.max(...ready)));
  verdict.expect('a new job is done', doneMs <= RECOVERY_LIMIT_MS, seconds(doneMs));
  verdict.note('load', `${load.sent.length} requests; refused: ${describeFailures(load.sent)}`);
}
