import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import pg from 'pg';
import { beforeEach, describe, expect, it } from 'vitest';
import { readCursor, writeCursor } from '../../src/feed/cursor.ts';
import { claimLog } from '../../src/migrate.ts';
import { useDatabase } from '../support/database.ts';
import { cursorOf, openTransaction, takeFrames, told, untilOldest, writeEvent } from './feed-readers.ts';
import { useFeed } from './feeds.ts';
import { wake } from './histories.ts';
import { isPending } from './readers.ts';

const database = useDatabase({ bent: 'events are written and taken away by hand' });
const BOUND = 4;
const feed = useFeed(database, { queueBound: BOUND });

const follow = async (reader: string | null, after?: string) =>
  (await feed().followJobs(reader, after === undefined ? {} : { after }))!;

async function begin(reader: string | null) {
  const frames = await follow(reader);
  const [start] = await takeFrames(frames, 1);
  return { frames, cursor: cursorOf(start) };
}

let userId = '';
beforeEach(() => {
  userId = randomUUID();
});

const write = async (count: number, seq = 1, jobId = randomUUID()) => {
  for (let at = 0; at < count; at += 1) await writeEvent(database().pool, { userId, jobId, seq: seq + at });
  await wake(database().pool, jobId);
  return jobId;
};

/** Takes a user's events out of the log, as a prune does. */
async function prune(where: string): Promise<void> {
  const client = await database().pool.connect();
  try {
    await client.query(`begin; set local assay.mover = 'prune'`);
    await client.query(`delete from job_events where user_id = '${userId}' and ${where}`);
    await client.query('commit');
  } finally {
    client.release();
  }
}

describe('pruned history', () => {
  it('is told to who was not past it, once, and from there on he gets everything (FEED-8)', async () => {
    const { frames, cursor } = await begin(userId);
    // Whatever was open when a position was told, and is over by the prune, may have been pruned for all that is known of it.
    await using open = await openTransaction(database().url);
    const jobId = randomUUID();
    for (const seq of [1, 2, 3]) await writeEvent(open.client, { userId, jobId, seq });
    await untilOldest(open);
    await open.commit();
    await wake(database().pool, jobId);
    const [, second, third] = await takeFrames(frames, 3);
    await prune('seq <= 2');
    for (const reader of [userId, null]) {
      const behind = await follow(reader, reader === userId ? cursor : writeAnew(cursor, userId, null));
      expect(told(await takeFrames(behind, 1))).toEqual(['PRUNED']);
      await write(1, 4);
      expect(told(await takeFrames(behind, 1))).toEqual(['RETRIED 4']);
    }
    expect(told(await takeFrames(await follow(userId, cursorOf(second)), 2))).toEqual(['RETRIED 3', 'RETRIED 4']);
    expect(told(await takeFrames(await follow(userId, cursorOf(third)), 1))).toEqual(['RETRIED 4']);
  });

  it('is told once, also while a transaction stays open that was there before', async () => {
    await using _open = await openTransaction(database().url);
    const { cursor } = await begin(userId);
    await write(3);
    await prune('seq <= 2');
    const frames = await follow(userId, cursor);
    const [pruned] = await takeFrames(frames, 1);
    expect(told([pruned!])).toEqual(['PRUNED']);
    await write(1, 4);
    expect(told(await takeFrames(frames, 1))).toEqual(['RETRIED 4']);
    expect(told(await takeFrames(await follow(userId, cursorOf(pruned)), 1))).toEqual(['RETRIED 4']);
  });

  it('goes away under a reader who is in the middle of it, and he is told', async () => {
    const { cursor } = await begin(userId);
    await write(5 * BOUND);
    const frames = await follow(userId, cursor);
    expect(told(await takeFrames(frames, 2))).toEqual(['RETRIED 1', 'RETRIED 2']);
    await prune(`seq <= ${3 * BOUND}`);
    const rest = told(await takeFrames(frames, BOUND - 1));
    expect(rest).toEqual(['RETRIED 3', 'RETRIED 4', 'PRUNED']);
    expect(await isPending(frames.next())).toBe(true);
  });

  it('that a reader is past is nothing to him', async () => {
    const { cursor } = await begin(userId);
    await write(5 * BOUND);
    const frames = await follow(userId, cursor);
    await takeFrames(frames, BOUND);
    await prune(`seq < ${BOUND}`);
    expect(told(await takeFrames(frames, 2))).toEqual(['RETRIED 5', 'RETRIED 6']);
  });

  it('is not what a deletion leaves', async () => {
    const { cursor } = await begin(userId);
    await write(3);
    const client = await database().pool.connect();
    await client.query(`begin; set local assay.mover = 'delete'`);
    await client.query('delete from job_events where user_id = $1 and seq < 3', [userId]);
    await client.query('commit');
    client.release();
    expect(told(await takeFrames(await follow(userId, cursor), 1))).toEqual(['RETRIED 3']);
  });
});

describe('a restored backup', () => {
  /** The database as it is after its rows were put into a cluster that counts transactions from the beginning. */
  async function restore(): Promise<void> {
    const client = await database().pool.connect();
    await client.query('begin; set local session_replication_role = replica');
    await client.query(`update job_events set xact = ((xact::text)::bigint + 1000000000)::text::xid8`);
    await client.query('update event_log set system_identifier = system_identifier - 1');
    await client.query('commit');
    client.release();
    expect(await claimLog(database().url)).toBe(true);
  }

  it('is told to all who follow and to all who come with a cursor of before, and then nobody misses anything (FEED-10)', async () => {
    const live = await begin(userId);
    const all = await begin(null);
    await write(2);
    await takeFrames(live.frames, 2);
    const [, last] = await takeFrames(all.frames, 2);
    await restore();
    await wake(database().pool, userId);
    const resumed = [await follow(userId, live.cursor), await follow(null, cursorOf(last))];
    const streams = [live.frames, all.frames, ...resumed];
    const cursors: string[] = [];
    for (const frames of streams) {
      const taken = await takeFrames(frames, 1);
      expect(told(taken)).toEqual(['RESTORED']);
      cursors.push(cursorOf(taken[0]));
    }
    const fresh = await follow(userId);
    expect(told(await takeFrames(fresh, 1))).toEqual(['START']);
    await write(2, 3);
    for (const frames of [...streams, fresh])
      expect(told(await takeFrames(frames, 2))).toEqual(['RETRIED 3', 'RETRIED 4']);
    expect(told(await takeFrames(await follow(userId, cursors[0]!), 2))).toEqual(['RETRIED 3', 'RETRIED 4']);
  });

  it('is no matter to who comes first after it, without a cursor or with one of a process that knew before', async () => {
    const live = await begin(userId);
    await restore();
    // Nothing has woken this process yet.
    const [start] = await takeFrames(await follow(userId), 1);
    expect(told([start!])).toEqual(['START']);
    expect(told(await takeFrames(live.frames, 1))).toEqual(['RESTORED']);
    await restore();
    const { rows } = await database().pool.query(
      'select id, pg_snapshot_xmax(pg_current_snapshot())::text as next from event_log',
    );
    const seen = { next: BigInt(rows[0].next), open: [] };
    const known = await follow(userId, writeCursor(userId, { logId: rows[0].id, seen, part: null }));
    await write(1);
    expect(told(await takeFrames(known, 1))).toEqual(['RETRIED 1']);
  });

  it('leaves no event that a transaction to come would take for its own', async () => {
    await write(3);
    await restore();
    const { rows } = await database().pool.query(
      'select count(*)::int as count from job_events where xact >= pg_snapshot_xmin(pg_current_snapshot())',
    );
    expect(rows).toEqual([{ count: 0 }]);
    expect(await claimLog(database().url)).toBe(false);
  });

  it('of the same cluster, from before what a cursor has seen, is told as well', async () => {
    const { rows } = await database().pool.query('select id from event_log');
    const seen = { next: 10_000_000_000n, open: [] };
    const cursor = writeCursor(userId, { logId: rows[0].id, seen, part: null });
    expect(told(await takeFrames(await follow(userId, cursor), 1))).toEqual(['RESTORED']);
  });
});

describe('what is no cursor of this reader', () => {
  it('is refused, and nobody follows', async () => {
    const { frames, cursor } = await begin(userId);
    const followers = feed().countFollowers();
    const bytes = Buffer.from(cursor, 'base64url');
    const flipped = Buffer.from(bytes);
    flipped[20]! ^= 1;
    for (const after of ['', 'x', `${cursor}=`, ` ${cursor}`, cursor.slice(0, -1), flipped.toString('base64url')])
      expect(await feed().followJobs(userId, { after }), after).toBeNull();
    expect(await feed().followJobs(randomUUID(), { after: cursor })).toBeNull();
    expect(await feed().followJobs(null, { after: cursor })).toBeNull();
    expect(feed().countFollowers()).toBe(followers);
    await frames.return!();
  });

  it('never breaks anything, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.uint8Array({ maxLength: 200 })), async (made) => {
        const after = typeof made === 'string' ? made : Buffer.from(made).toString('base64url');
        expect(await feed().followJobs(userId, { after })).toBeNull();
      }),
    );
  });

  it('with the right seal shows its reader his own events and no others, wherever it points', async () => {
    const { rows } = await database().pool.query('select id from event_log');
    await write(2);
    const own = userId;
    userId = randomUUID();
    await write(1);
    const seen = { next: 3n, open: [] };
    const cursor = writeCursor(own, { logId: rows[0].id, seen, part: null });
    const frames = await follow(own, cursor);
    expect(await takeFrames(frames, 2)).toMatchObject([{ userId: own }, { userId: own }]);
    expect(await isPending(frames.next())).toBe(true);
  });
});

it('the events of the log change for nobody else: not their number, and not by another hand', async () => {
  await write(1);
  const change = async (mover: string, set: string) => {
    const client = new pg.Client(database().url);
    await client.connect();
    await client.query(`begin; select set_config('assay.mover', '${mover}', true)`);
    return await client.query(`update job_events set ${set}`).finally(() => client.end());
  };
  const refused = expect.objectContaining({ code: 'AS002' });
  await expect(change('', `xact = '3'`)).rejects.toEqual(refused);
  await expect(change('prune', `xact = '3'`)).rejects.toEqual(refused);
  await expect(change('restore', `xact = '4'`)).rejects.toEqual(refused);
  await expect(change('restore', `xact = '3', seq = seq + 1`)).rejects.toEqual(refused);
});

/** The same position for another reader. */
function writeAnew(cursor: string, from: string | null, to: string | null): string {
  return writeCursor(to, readCursor(from, cursor)!);
}
