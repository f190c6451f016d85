import { type Cancelled, type CancelSide, cancelOne, LIMIT_MS } from './cancel-side.ts';
import { assaySide, bossSide, bullSide } from './cancel-sides.ts';
import { startInstallation } from './installation.ts';
import { REDIS_NOTE, startRedis } from './redis.ts';
import type { Misbehaviour } from './rivals/misbehaviour.ts';
import { alignRows, spread } from './table.ts';

/** Each of the others is started anew for each job, and mostly waited for until it counts as never. */
const TURNS = 3;
const BEHAVIOURS: Record<Misbehaviour, string> = {
  SPIN: 'while (true)',
  HANG: 'await nothing',
  SLEEP: 'await the signal',
};
const HEADS = ['handler', '', 'cancels', 'answered, ms', 'free, ms', 'processor meanwhile'];

/** How long a cancel takes, until it is answered and until nothing of the job runs, of handlers that listen and that do not. */
export async function benchCancel(count: number): Promise<string[]> {
  await using closing = new AsyncDisposableStack();
  const installation = closing.use(await startInstallation({ workers: 1 }));
  const redis = await startRedis(closing);
  const rivals = [...(redis ? [bullSide(redis)] : []), bossSide(installation.databaseUrl)];
  const sides = [
    { side: assaySide(installation), times: Math.ceil(count / TURNS) },
    ...rivals.map((side) => ({ side, times: 1 })),
  ];
  const rows = [HEADS];
  for (const behaviour of ['SPIN', 'HANG', 'SLEEP'] as const) rows.push(...(await rowsOf(sides, behaviour)));
  return [
    `cancels of a job that runs, ${TURNS} turns: medians (least-most), in milliseconds from the request`,
    ...alignRows(rows, 2),
    ...NOTES,
    redis ? REDIS_NOTE : 'BullMQ was left out: there is no redis-server on the PATH',
  ];
}

/** The sides in turn, each so often. */
async function rowsOf(sides: readonly { side: CancelSide; times: number }[], behaviour: Misbehaviour) {
  const outcomes = sides.map((): Cancelled[] => []);
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const [place, { side, times }] of sides.entries()) {
      for (let time = 0; time < times; time += 1) outcomes[place]?.push(await cancelOne(side, behaviour));
    }
  }
  return sides.map(({ side: { name } }, place) => [BEHAVIOURS[behaviour], name, ...cellsOf(outcomes[place] ?? [])]);
}

function cellsOf(cancelled: readonly Cancelled[]): string[] {
  const free = cancelled.map((one) => one.free).filter((known) => known !== undefined);
  const never = cancelled.length - free.length;
  const neverText = `never within ${LIMIT_MS / 1_000} s${free.length > 0 ? ` (${never} of ${cancelled.length})` : ''}`;
  return [
    String(cancelled.length),
    spread(
      cancelled.map(({ answered }) => answered),
      1,
    ),
    never > 0 ? neverText : spread(free, 1),
    never > 0 ? `${spread(cancelled.map(({ processorShare }) => processorShare * 100))} %` : '',
  ];
}

const NOTES = [
  '`await nothing` is a promise that never settles, in a handler that ignores its signal; `await the signal` heeds it.',
  'Free: nothing of the job runs any more, and its place is free. Processor: of one core, while it was waited for that.',
  'Assay ends the thread of a handler that does not end by itself, and answers when the job is CANCELLED in the database.',
  "BullMQ: a sandboxed processor in a worker thread, cancelled by cancelJob in the worker's own process, which stores nothing.",
  'pg-boss: cancel from another process; the handler hears of it at the next heartbeat, here once a second. By default a queue has none.',
];
