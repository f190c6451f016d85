import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { vi } from 'vitest';
import type { EventType } from '../../src/entities/job-status.ts';
import { type FeedFrame, isPosition } from '../../src/feed/frame.ts';

export type FeedStream = AsyncIterator<FeedFrame>;

/** The next frames of a stream to many jobs, however long they take. @throws when it ends before */
export async function takeFrames(frames: FeedStream, count: number): Promise<FeedFrame[]> {
  const taken: FeedFrame[] = [];
  while (taken.length < count) {
    const { done, value } = await frames.next();
    if (done) throw new Error(`The stream ended after ${taken.length} of ${count} frames: ${told(taken)}`);
    taken.push(value);
  }
  return taken;
}

/** Frames as short words: `STARTED 2`, or the reason of a position. */
export const told = (frames: readonly FeedFrame[]): string[] =>
  frames.map((frame) => (isPosition(frame) ? frame.reason : `${frame.type} ${frame.seq}`));

/** Where a reader of this frame would go on. */
export const cursorOf = (frame: FeedFrame | undefined): string => {
  const cursor = frame && (isPosition(frame) ? frame.position : frame.cursor);
  if (!cursor) throw new Error(`There is no cursor on ${JSON.stringify(frame)}.`);
  return cursor;
};

/** An event of a job that nobody made, written in a transaction that the caller holds open or closes. */
export async function writeEvent(
  client: Pick<pg.ClientBase, 'query'>,
  event: { userId: string; jobId?: string; seq?: number; type?: EventType },
): Promise<void> {
  const { userId, jobId = randomUUID(), seq = 1, type = 'RETRIED' } = event;
  await client.query(
    `insert into job_events (job_id, seq, type, user_id, kind, status, round, attempt, progress, assessment_name, at)
     values ($1, $2, $3, $4, 'ASSESSMENT', 'QUEUED', 1, 0, '{"percent": 0}', 'An assessment', now())`,
    [jobId, seq, type, userId],
  );
}

/** A transaction of its own connection that has drawn its number and stays open until it is ended. */
export interface OpenTransaction extends AsyncDisposable {
  client: pg.Client;
  commit(): Promise<void>;
}

export async function openTransaction(url: string): Promise<OpenTransaction> {
  const client = new pg.Client({ connectionString: url, application_name: 'assay-test-open' });
  await client.connect();
  await client.query('begin; select pg_current_xact_id()');
  let isOpen = true;
  return {
    client,
    async commit() {
      isOpen = false;
      await client.query('commit');
    },
    async [Symbol.asyncDispose]() {
      if (isOpen) await client.query('rollback');
      await client.end();
    },
  };
}

/**
 * Resolves when everything that was open in the server before this transaction is over, in the databases of other tests too.
 * What is read from then on cannot have left out anything older than it.
 */
export async function untilOldest({ client }: OpenTransaction): Promise<void> {
  const statement = 'select pg_snapshot_xmin(pg_current_snapshot()) = pg_current_xact_id() as is';
  await vi.waitUntil(async () => (await client.query<{ is: boolean }>(statement)).rows[0]?.is, {
    ...{ interval: 5, timeout: 50_000 },
  });
}
