import type { AssayClient } from '../src/client/index.ts';
import { writeCursor } from '../src/feed/cursor.ts';
import { upTo } from '../src/feed/position.ts';
import type { Grown } from './grown.ts';
import { ECHO, type Operation, timed } from './growth-operations.ts';
import { SUBMIT, type Submitted } from './submits.ts';

/** Pipelines at one time. */
const TOGETHER = 3;

/** Somebody comes back over a new socket, and reads all that happened to his jobs in the later half of the time. */
async function resumeMine({ pool, nextReader }: Grown): Promise<number> {
  const { id, client } = await nextReader();
  const { rows } = await pool.query<{ logId: string; xact: string; missed: number }>(
    `with mine as (select xact from job_events where user_id = $1),
       middle as (select percentile_disc(0.5) within group (order by xact::text::bigint) as xact from mine)
     select l.id as "logId", middle.xact,
       (select count(*)::int from mine where mine.xact::text::bigint >= middle.xact) as missed
     from event_log l, middle`,
    [id],
  );
  const { logId, xact, missed } = rows[0] ?? { logId: '', xact: '0', missed: 0 };
  const after = writeCursor(id, upTo(logId, { next: BigInt(xact), open: [] }));
  const ms = await timed(async () => {
    let seen = 0;
    for await (const message of client.watchMine({ after })) {
      if (message.__typename === 'FeedPosition') throw new Error(`The cursor was not taken: ${message.reason}`);
      seen += 1;
      if (seen === missed) break;
    }
  });
  client.close();
  return ms;
}

/** Somebody comes back over a new socket to a job that has ended meanwhile. */
async function resumeJob({ pool, nextReader }: Grown): Promise<number> {
  const { id, client } = await nextReader();
  const { rows } = await pool.query<{ id: string }>(
    "select id from analysis_jobs where user_id = $1 and status = 'COMPLETED' order by id offset 40 limit 1",
    [id],
  );
  const ms = await timed(async () => {
    for await (const { status } of client.watchJob(rows[0]?.id ?? '', { after: 1 })) if (status === 'COMPLETED') return;
    throw new Error('The job did not complete');
  });
  client.close();
  return ms;
}

/** From before the submit until the feed of the user has told that it is done. */
async function pipeline(client: AssayClient): Promise<number> {
  const feed = client.watchMine();
  await feed.next();
  const ms = await timed(async () => {
    const { submitProbe } = await client.request<{ submitProbe: Submitted }, object>(SUBMIT, ECHO);
    for await (const message of feed) {
      if (message.__typename === 'FeedPosition' || message.jobId !== submitProbe.job?.id) continue;
      if (message.type === 'COMPLETED') return;
    }
  });
  client.close();
  return ms;
}

async function pipelines({ nextWriter }: Grown): Promise<number> {
  const users = await Promise.all(Array.from({ length: TOGETHER }, nextWriter));
  const measured = await Promise.all(users.map(({ client }) => pipeline(client)));
  return measured.reduce((total, ms) => total + ms) / TOGETHER;
}

export const RESUMES: readonly Operation[] = [
  { name: 'myEvents from half of the log', times: 3, run: resumeMine },
  { name: 'jobEvents after a seq', times: 3, run: resumeJob },
];

/** What needs a worker. */
export const PIPELINE: Operation = { name: `submit → COMPLETED, ${TOGETHER} at a time`, times: 1, run: pipelines };
