import type { MikroORM } from '@mikro-orm/postgresql';
import { type RawBuilder, sql } from 'kysely';
import type { Pool, PoolClient, QueryResultRow } from 'pg';
import { type InsertedRow, insertedJob, insertion, type Submission, type Submitted } from './submit.ts';
import { together } from './together.ts';

/** One transaction of a process at a time: the queue tells of its tasks at the commit, and those who tell wait for one another. */
const TOGETHER = { atOnce: 1, most: 32 };
/** The same few statements come again and again: to plan them anew each time takes as long as to run them. */
const BEGIN = 'begin; set local plan_cache_mode = force_generic_plan';

export interface SharedCommitOptions {
  orm: MikroORM;
  /** How many jobs of one user may wait at once. */
  queuedPerUser?: number | undefined;
}

/**
 * Submits that come while others are being committed share the next commit. Who comes alone goes alone, and at once.
 *
 * All accounts of a transaction are locked first, in the order of their ids, and none is waited for: a user whose account
 * another transaction holds does not hold up the others. Then one statement writes what all of them submit, or a few, where
 * one user submits several. All of it is one packet, from `begin` to `commit`.
 */
export function createSharedCommits({ orm, queuedPerUser }: SharedCommitOptions) {
  const submitWithOthers = together(submitTogether, TOGETHER);

  /** @returns what came of each, in their order; nothing where nothing was kept */
  async function submitTogether(submissions: readonly Submission[]): Promise<(Submitted | null)[]> {
    const pool: Pool = await orm.em.getConnection().getNativeClient();
    const client = await pool.connect();
    try {
      return await insertAll(client, submissions);
    } catch (error) {
      // A link that takes nothing back may have committed: only who asked may ask again.
      await client.query('rollback').catch(() => {
        throw error;
      });
      return [];
    } finally {
      client.release();
    }
  }

  /** Where a statement fails, the commit behind it takes the others back. */
  async function insertAll(client: PoolClient, submissions: readonly Submission[]): Promise<(Submitted | null)[]> {
    const turns = turnsOf(submissions);
    const inserts = turns.map((turn) => insertion(turn, { held: HELD, queuedPerUser }));
    const users = [...new Set(submissions.map(({ userId }) => userId))];
    const answers = await sendTogether<InsertedRow>(client, [
      [BEGIN],
      ...[lockAccounts(users), ...inserts].map(statementOf),
      ['commit'],
    ]);
    const submitted = new Map<Submission, Submitted>();
    for (const [place, turn] of turns.entries()) {
      const rows = new Map(answers[FIRST_INSERT + place]?.map((row) => [row.user_id, row]));
      for (const submission of turn) {
        const row = rows.get(submission.userId);
        if (!row) continue;
        const { job, tokenBalance } = insertedJob(orm.em, row);
        submitted.set(submission, { outcomes: [{ outcome: 'SUBMITTED', job, replayed: false }], tokenBalance });
      }
    }
    return submissions.map((submission) => submitted.get(submission) ?? null);
  }

  function statementOf(builder: RawBuilder<unknown>): Statement {
    const { sql: text, parameters } = builder.compile(orm.em.getKysely());
    return [text, [...parameters]];
  }

  return {
    /**
     * Submits one piece of work of a user.
     * @returns null where nothing was kept, for whatever reason; who submits by himself is told which
     * @throws where nobody knows whether it was kept, or the database cannot be reached
     */
    async submit(userId: string, submissions: readonly Omit<Submission, 'userId'>[]): Promise<Submitted | null> {
      const [work] = submissions;
      // Of several at once all or none is kept, and an upload is waited for.
      if (!work || submissions.length > 1 || work.uploadId !== undefined) return null;
      return await submitWithOthers({ ...work, userId });
    },
  };
}

/** By users: the first submission of each, then the second of those who have one, and so on. */
function turnsOf(submissions: readonly Submission[]): Submission[][] {
  const ofUser = [...Map.groupBy(submissions, ({ userId }) => userId).values()];
  const most = Math.max(...ofUser.map(({ length }) => length));
  return Array.from({ length: most }, (_, turn) => ofUser.flatMap((own) => own[turn] ?? []));
}

/**
 * Locks accounts and remembers for the rest of the transaction which: where the transaction did not begin that is nobody's, and
 * nothing of what follows is written.
 */
const lockAccounts = (users: readonly string[]): RawBuilder<unknown> =>
  sql`/* lock_accounts */
    select set_config('assay.held', coalesce(array_agg(user_id), '{}')::text, true) from (
      select user_id from accounts where user_id = any(${users}) order by user_id for update skip locked
    ) held`;

const HELD = sql`current_setting('assay.held', true)::uuid[]`;
/** Its place among the statements of a transaction. */
const FIRST_INSERT = 2;

type Statement = [text: string, values?: unknown[]];

/**
 * Sends statements in one packet.
 * @returns the rows of each
 * @throws what the first of them threw that failed; those behind it did nothing
 */
async function sendTogether<Row extends QueryResultRow>(
  client: PoolClient,
  statements: readonly Statement[],
): Promise<Row[][]> {
  const { stream } = client.connection;
  stream.cork();
  const answers = statements.map((statement) => client.query<Row>(...statement));
  stream.uncork();
  const settled = await Promise.allSettled(answers);
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value.rows;
  });
}
