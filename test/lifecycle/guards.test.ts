import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { beforeEach, describe, expect, it } from 'vitest';
import { JobStatus } from '../../src/entities/job-status.ts';
import { DOCTOR_MOVES, MOVES, type Move, type MoveName } from '../../src/lifecycle/machine.ts';
import { useDatabase } from '../support/database.ts';
import { type JobOptions, makeJob } from '../support/factory.ts';
import { STANDINGS, useProcess } from './lifecycles.ts';

const database = useDatabase();
const api = useProcess(database, 'api');

const NO_MOVE = 'AS001';
const WRITTEN_ONCE = 'AS002';
const CHECK_VIOLATION = '23514';

const statuses = Object.values(JobStatus);
const rowsOf = (table: Record<string, Move>, mover: string | null) =>
  Object.entries(table).flatMap(([move, { from, to }]) => from.map((status) => ({ move, from: status, to, mover })));
const moves = rowsOf(MOVES, null);

/**
 * What PostgreSQL answers to a change by hand, which is taken back: the error's code, or null where it was let through.
 * @param before what the same transaction does first
 */
async function tryByHand(statement: string, values: unknown[] = [], mover = '', before = ''): Promise<string | null> {
  const client = await database().pool.connect();
  try {
    await client.query('begin');
    await client.query(`select set_config('assay.mover', $1, true)`, [mover]);
    await client.query(before);
    await client.query(statement, values);
    return null;
  } catch (error) {
    return (error as pg.DatabaseError).code ?? 'unknown';
  } finally {
    await client.query('rollback');
    client.release();
  }
}

async function changeJob(standing: JobOptions, set: string, mover?: string): Promise<string | null> {
  const { jobId } = await makeJob(database().pool, standing);
  return await tryByHand(`update analysis_jobs set ${set} where id = $1`, [jobId], mover);
}

describe('the guards', () => {
  it('stand in the way of a superuser', async () => {
    const { rows } = await database().pool.query(`select usesuper from pg_user where usename = current_user`);
    expect(rows).toEqual([{ usesuper: true }]);
  });

  it('know the moves that the code knows', async () => {
    const { rows } = await database().pool.query<(typeof moves)[number]>(
      `select move, from_status as "from", to_status as "to", mover from assay_moves`,
    );
    const sorted = (list: object[]) => list.map((row) => JSON.stringify(row)).sort();
    expect(sorted(rows)).toEqual(sorted([...moves, ...rowsOf(DOCTOR_MOVES, 'doctor')]));
  });
});

const changes = STANDINGS.flatMap((standing) =>
  statuses.flatMap((to) => [false, true].map((deletes) => ({ standing, to, deletes }))),
);

describe('a change of status by hand', () => {
  const isMove = ({ standing, to, deletes }: (typeof changes)[number]) =>
    !standing.deleted &&
    moves.some(
      ({ move, from, to: leadsTo }) => (move === 'delete') === deletes && from === standing.status && leadsTo === to,
    );
  const statement = ({ to, deletes }: (typeof changes)[number]) =>
    `status = '${to}', seq = seq + 1, updated_at = now()${deletes ? ', deleted_at = now()' : ''}`;

  it.each(changes.filter((change) => !isMove(change)))(
    'is refused where it is no move: from $standing to $to (deleted: $deletes)',
    async (change) => {
      expect(await changeJob(change.standing, statement(change))).toBe(NO_MOVE);
    },
  );

  // They are let through to the CHECKs, which find that nothing but the status has moved.
  it.each(changes.filter(isMove))(
    'is none of their business where it is one: from $standing to $to',
    async (change) => {
      const attempt = { QUEUED: '0', PROCESSING: 'attempt + 1' }[change.to as 'QUEUED'] ?? 'attempt';
      const round = change.to === 'QUEUED' && change.standing.status !== 'PROCESSING' ? 'round + 1' : 'round';
      expect(await changeJob(change.standing, `${statement(change)}, attempt = ${attempt}, round = ${round}`)).not.toBe(
        NO_MOVE,
      );
    },
  );

  it('fails a waiting job for the doctor, and for nobody else', async () => {
    const failing = `status = 'FAILED', seq = seq + 1, updated_at = now()`;
    expect(await changeJob({ status: 'QUEUED' }, failing, 'doctor')).toBe(CHECK_VIOLATION);
    for (const mover of ['', 'repair', 'delete', 'prune']) {
      expect(await changeJob({ status: 'QUEUED' }, failing, mover)).toBe(NO_MOVE);
    }
    expect(await changeJob({ status: 'CANCELLED' }, failing, 'doctor')).toBe(NO_MOVE);
  });
});

/** Each move with what it must count, from the standing of an attempt in the middle. */
const counts: Record<MoveName, { standing: JobOptions; attempt: string; round: string; lies: string[] }> = {
  start: { standing: { status: 'QUEUED' }, attempt: 'attempt + 1', round: 'round', lies: ['attempt', 'attempt + 2'] },
  complete: {
    standing: { status: 'PROCESSING' },
    attempt: 'attempt',
    round: 'round',
    lies: ['attempt + 1', 'attempt - 1'],
  },
  fail: {
    standing: { status: 'PROCESSING' },
    attempt: 'attempt',
    round: 'round',
    lies: ['attempt + 1', 'attempt - 1'],
  },
  release: {
    standing: { status: 'PROCESSING' },
    attempt: 'attempt - 1',
    round: 'round',
    lies: ['attempt + 1', 'attempt - 2'],
  },
  cancel: {
    standing: { status: 'PROCESSING' },
    attempt: 'attempt',
    round: 'round',
    lies: ['attempt + 1', 'attempt - 1'],
  },
  retry: { standing: { status: 'FAILED' }, attempt: '0', round: 'round + 1', lies: ['attempt', '1'] },
  delete: { standing: { status: 'FAILED' }, attempt: 'attempt', round: 'round', lies: ['attempt + 1', 'attempt - 1'] },
};

describe.each(Object.entries(counts))('a %s by hand', (name, { standing, attempt, round, lies }) => {
  const move = name as MoveName;
  const truth: Record<string, string> = {
    status: `'${MOVES[move].to}'`,
    seq: 'seq + 1',
    attempt,
    round,
    ...(move === 'delete' ? { deleted_at: 'now()', result_id: 'null' } : {}),
  };
  const change = (told: Record<string, string>) =>
    changeJob(
      { ...standing, attempt: 2 },
      Object.entries({ ...truth, ...told })
        .map(([column, value]) => `${column} = ${value}`)
        .join(', '),
    );

  it('that counts right is let through to the CHECKs', async () => {
    expect(await change({})).not.toBe(NO_MOVE);
  });

  const otherRounds = ['round', 'round + 1', 'round + 2', 'round - 1'].filter((value) => value !== round);
  it.each([
    ...['seq', 'seq + 2', 'seq - 1', 'seq + 100'].map((seq) => ({ seq })),
    ...otherRounds.map((value) => ({ round: value })),
    ...lies.map((value) => ({ attempt: value })),
    ...(move === 'delete' ? [{ finished_at: 'now()' }] : [{ result_id: 'assay_uuid()' }]),
    ...(move === 'retry' ? [] : [{ price: 'price + 1' }, { priority: 'priority - 1' }]),
    ...['user_id', 'id'].map((column) => ({ [column]: 'assay_uuid()' })),
    ...[
      { kind: `'PROBE'` },
      { name: `'Another'` },
      { requested_by: `'another'` },
      { max_attempts: 'max_attempts + 1' },
    ],
    { created_at: `created_at - interval '1 s'` },
  ])('is refused with the lie %o', async (lie) => {
    expect(await change(lie as Record<string, string>)).toBe(NO_MOVE);
  });
});

describe('a change by hand without a move', () => {
  const bookkeeping = ['progress', 'heartbeat_at', 'lease_expires_at'];
  const values: Record<string, (column: string) => string> = {
    uuid: () => 'assay_uuid()',
    text: (column) => `coalesce(${column}, '') || 'x'`,
    integer: (column) => `${column} + 1`,
    boolean: (column) => `not ${column}`,
    jsonb: () => `'{"percent": 7}'`,
    'timestamp with time zone': (column) => `coalesce(${column}, now()) + interval '1 s'`,
  };

  it.each(STANDINGS)('is refused but for what a running attempt writes, on %o', async (standing) => {
    const { rows: columns } = await database().pool.query<{ name: string; type: string }>(
      `select column_name as name, data_type as type from information_schema.columns
       where table_schema = 'public' and table_name = 'analysis_jobs' and column_name <> 'status'`,
    );
    const { jobId } = await makeJob(database().pool, standing);
    const answers: Record<string, string | null> = {};
    for (const { name, type } of columns) {
      const statement = `update analysis_jobs set ${name} = ${values[type]!(name)} where id = $1`;
      answers[name] = await tryByHand(statement, [jobId]);
    }
    const isBookkeeping = (name: string) => standing.status === 'PROCESSING' && bookkeeping.includes(name);
    expect(answers).toEqual(
      Object.fromEntries(columns.map(({ name }) => [name, isBookkeeping(name) ? null : NO_MOVE])),
    );
  });

  const letGo = 'lease_token = null, lease_expires_at = null, worker_id = null';

  it.each(STANDINGS)('may say that a thread is gone only where one was held, on %o', async (standing) => {
    const answer = await changeJob(standing, `worker_free_at = now(), ${letGo}`);
    const isHeld = standing.threadRuns === true;
    expect(answer).toBe(isHeld ? null : NO_MOVE);
    if (isHeld) expect(await changeJob(standing, letGo)).toBe(CHECK_VIOLATION);
    if (isHeld) expect(await changeJob(standing, `worker_free_at = now(), seq = seq + 1, ${letGo}`)).toBe(NO_MOVE);
  });

  it.each(STANDINGS.filter(({ deleted }) => !deleted))(
    'may point at the own result in a repair, and no more, on %o',
    async (standing) => {
      expect(await changeJob(standing, 'result_id = result_id', 'repair')).toBeNull();
      expect(await changeJob(standing, 'result_id = assay_uuid()', 'repair')).toBe('23503');
      expect(await changeJob(standing, 'result_id = assay_uuid()', 'delete')).toBe(NO_MOVE);
      expect(await changeJob(standing, 'price = price + 1', 'repair')).toBe(NO_MOVE);
      expect(await changeJob(standing, 'seq = seq + 1', 'repair')).toBe(NO_MOVE);
    },
  );

  it('of nothing at all is let be', async () => {
    for (const standing of STANDINGS) expect(await changeJob(standing, 'seq = seq')).toBeNull();
  });
});

const movers = ['', 'delete', 'prune', 'repair', 'erase', 'anything'];

describe('an event', () => {
  const change = async (set: string, mover: string) => {
    const { jobId } = await makeJob(database().pool, { status: 'FAILED' });
    return await tryByHand(`update job_events set ${set} where job_id = $1 and seq = 2`, [jobId], mover);
  };

  it.each(movers)('is changed by nobody, as %o, but a deletion may take its contents out', async (mover) => {
    const contents = mover === 'delete' ? null : WRITTEN_ONCE;
    expect(await change(`error_message = null, progress = '{"percent": 9}'`, mover)).toBe(contents);
    for (const column of ['id', 'seq', 'round', 'attempt', 'token_balance', 'processing_time', 'rescued_after']) {
      const set = column === 'id' ? `xact = '3'` : `${column} = coalesce(${column}, 0) + 1`;
      expect(await change(set, mover), column).toBe(WRITTEN_ONCE);
    }
    for (const column of ['job_id', 'user_id', 'result_id']) {
      expect(await change(`${column} = assay_uuid()`, mover), column).toBe(WRITTEN_ONCE);
    }
    for (const set of [`type = 'QUEUED', status = 'QUEUED'`, `kind = 'PROBE'`, `assessment_name = 'x'`, 'at = now()']) {
      expect(await change(set, mover), set).toBe(WRITTEN_ONCE);
    }
  });

  it.each(movers)('is removed by a deletion and by pruning alone: %o', async (mover) => {
    const { jobId } = await makeJob(database().pool, { status: 'FAILED' });
    const answer = await tryByHand('delete from job_events where job_id = $1', [jobId], mover);
    expect(answer).toBe(mover === 'delete' || mover === 'prune' ? null : WRITTEN_ONCE);
  });

  it.each(movers)('is never removed with all others at a stroke: %o', async (mover) => {
    expect(await tryByHand('truncate job_events', [], mover)).toBe(WRITTEN_ONCE);
  });
});

describe('an entry of the ledger', () => {
  it.each(movers)('is changed and removed by nobody: %o', async (mover) => {
    const { jobId } = await makeJob(database().pool, { status: 'FAILED' });
    const byHand = (statement: string) => tryByHand(statement, [jobId], mover);
    for (const set of ['amount = amount - 1', 'balance = balance + 1', 'user_id = user_id', `reason = 'x'`]) {
      expect(await byHand(`update ledger_entries set ${set} where job_id = $1`), set).toBe(WRITTEN_ONCE);
    }
    expect(await byHand('delete from ledger_entries where job_id = $1')).toBe(WRITTEN_ONCE);
    expect(await tryByHand('truncate ledger_entries cascade', [], mover)).toBe(WRITTEN_ONCE);
    expect(await tryByHand('truncate accounts cascade', [], mover)).toBe(WRITTEN_ONCE);
  });
});

describe('an erasure by hand', () => {
  const nobody = randomUUID();
  const makeNobody = `insert into accounts (user_id, balance) values ('${nobody}', 0)`;
  const isNobodys = `user_id = '${nobody}'`;
  const silent = `assessment_name = 'Deleted', error_message = null, progress = '{"percent": 0}'`;

  /** A user of whom there is no job any more, or one of whom there is. */
  let [gone, there] = ['', ''];
  beforeEach(async () => {
    const made = await makeJob(database().pool, { status: 'FAILED' });
    await api().lifecycle.forceDelete(made.jobId, { owner: made.userId });
    gone = made.userId;
    ({ userId: there } = await makeJob(database().pool, { status: 'FAILED' }));
  });

  interface Attempt {
    set: string;
    mover?: string;
    before?: string;
    userId?: string;
  }
  const change = (table: string, { set, mover = 'erase', before = makeNobody, userId = gone }: Attempt) =>
    tryByHand(`update ${table} set ${set} where user_id = $1`, [userId], mover, before);
  const tables = [
    { table: 'ledger_entries', set: `${isNobodys}, reason = null` },
    { table: 'job_events', set: `${isNobodys}, ${silent}` },
  ];

  it.each(tables)(
    'is let through in $table, for whom there is no job of, into an account that it made',
    async (one) => {
      expect(await change(one.table, one)).toBeNull();
      expect(await change(one.table, { ...one, userId: there })).toBe(WRITTEN_ONCE);
      for (const mover of movers.filter((name) => name !== 'erase')) {
        expect(await change(one.table, { ...one, mover }), mover).toBe(WRITTEN_ONCE);
      }
    },
  );

  it.each(tables)('gives nobody’s rows in $table to somebody who was there', async ({ table, set }) => {
    const theirs = set.replace(nobody, there);
    const touch = `update accounts set balance = balance where user_id = '${there}'`;
    for (const before of ['', makeNobody, touch]) {
      expect(await change(table, { set: theirs, before }), before).toBe(WRITTEN_ONCE);
    }
    expect(await change(table, { set: set.replace(nobody, gone) })).toBe(WRITTEN_ONCE);
  });

  it.each(['amount = amount - 1', 'balance = balance + 1', 'job_id = assay_uuid()', 'round = 2', 'created_at = now()'])(
    'changes nothing else of an entry: %s',
    async (lie) => {
      expect(await change('ledger_entries', { set: `${isNobodys}, reason = null, ${lie}` })).toBe(WRITTEN_ONCE);
    },
  );

  it.each([`reason = 'x'`, 'reason = user_id::text'])('leaves no reason of an entry: %s', async (reason) => {
    expect(await change('ledger_entries', { set: `${isNobodys}, ${reason}` })).toBe(WRITTEN_ONCE);
  });

  it.each([
    'seq = seq + 1',
    'job_id = assay_uuid()',
    `xact = '3'`,
    'token_balance = 9',
    'at = now()',
    `kind = 'PROBE'`,
  ])('changes nothing else of an event: %s', async (lie) => {
    expect(await change('job_events', { set: `${isNobodys}, ${silent}, ${lie}` })).toBe(WRITTEN_ONCE);
  });

  it.each([
    `assessment_name = 'Of somebody', error_message = null, progress = '{"percent": 0}'`,
    `assessment_name = 'Deleted', error_message = 'x', progress = '{"percent": 0}'`,
    `assessment_name = 'Deleted', error_message = null, progress = '{"percent": 0, "message": "x"}'`,
  ])('leaves no word in an event: %s', async (words) => {
    expect(await change('job_events', { set: `${isNobodys}, ${words}` })).toBe(WRITTEN_ONCE);
  });

  it.each(['ledger_entries', 'job_events'])('removes nothing from %s', async (table) => {
    expect(await tryByHand(`delete from ${table} where user_id = $1`, [gone], 'erase', makeNobody)).toBe(WRITTEN_ONCE);
  });
});
