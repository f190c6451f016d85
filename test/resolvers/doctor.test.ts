import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { createServiceToken } from '../../src/gate/service-tokens.ts';
import { INVARIANTS } from '../../src/lifecycle/invariants.ts';
import { createLog } from '../../src/log.ts';
import { type RunningApi, startApi } from '../../src/server.ts';
import { holdUp, untilGone } from '../doctor/doctors.ts';
import { openSession, subscribe } from '../gate/raw-socket.ts';
import { bend, clearRows, readAllRows } from '../lifecycle/rows.ts';
import { service, useApi } from '../support/api.ts';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { makeAccount, makeJob } from '../support/factory.ts';

const database = useDatabase({ bent: 'these tests bend rows for the doctor to find' });
/** By a lease and rescues so short that a second look comes soon. */
const api = useApi(database, { leaseMs: 200, rescueMs: 50 });
const pool = () => database().pool;
const repairer = service('jobs:repair');

beforeEach(() => clearRows(pool()));

interface Check {
  id: string;
  holds: boolean;
  brokenCount: number;
  rows: { subject: string; found: string }[];
}

interface Report {
  checkedAt: string;
  seconds: number;
  healthy: boolean;
  invariants: Check[];
}

const REPORT = `checkedAt seconds healthy
  invariants { id sentence repairable holds brokenCount rows { subject found } }`;
const DOCTOR = `{ doctor { ${REPORT} } }`;
const REPAIR = `mutation {
  repairInvariants { done failed report { ${REPORT} } userErrors { code } }
}`;

const examine = async () => (await api().read<{ doctor: Report }>(repairer, DOCTOR)).doctor;

interface Repair {
  done: string[];
  failed: string[];
  report: Report;
  userErrors: unknown[];
}

const repair = async () => (await api().read<{ repairInvariants: Repair }>(repairer, REPAIR)).repairInvariants;

const brokenIn = ({ invariants }: Report) => invariants.filter(({ holds }) => !holds);

describe('doctor', () => {
  it('tells of each invariant what it says, whether it can be mended, and that it holds', async () => {
    await makeJob(pool(), { status: 'COMPLETED' });
    const { checkedAt, seconds, healthy, invariants } = await examine();
    expect(healthy).toBe(true);
    expect(invariants).toEqual(
      INVARIANTS.map(({ id, sentence, repair }) => ({
        ...{ id, sentence, repairable: repair !== undefined },
        ...{ holds: true, brokenCount: 0, rows: [] },
      })),
    );
    expect(checkedAt).toMatch(/^\d{4}-.*Z$/);
    expect(seconds).toBeGreaterThan(0);
  });

  it('counts the rows that break one, and shows a hundred of them', async () => {
    await pool().query(
      `insert into accounts (user_id, balance) select gen_random_uuid(), 1 from generate_series(1, 103)`,
    );
    const report = await examine();
    expect(report.healthy).toBe(false);
    const [check, ...others] = brokenIn(report);
    expect(others).toEqual([]);
    expect(check).toMatchObject({ id: 'balance-is-sum', holds: false, brokenCount: 103 });
    expect(check!.rows).toHaveLength(100);
    expect(check!.rows[0]).toEqual({
      subject: expect.stringMatching(/^[0-9a-f-]{36}$/),
      found: 'balance 1, entries 0',
    });
  });

  it('changes nothing', async () => {
    await makeJob(pool(), { status: 'QUEUED', task: false });
    const before = await readAllRows(pool());
    expect(brokenIn(await examine()).map(({ id }) => id)).toEqual(['waiting-job-has-task']);
    expect(await readAllRows(pool())).toEqual(before);
  });
});

describe('repairInvariants', () => {
  it('mends what it can, says so line by line, and tells what is still broken', async () => {
    const { jobId } = await makeJob(pool(), { status: 'QUEUED', task: false });
    const userId = await makeAccount(pool(), { balance: 5 });
    await bend(pool(), 'update accounts set balance = 500 where user_id = $1', [userId]);
    const { report, ...rest } = await repair();
    expect(rest).toEqual({ done: [`job ${jobId}: queued anew`], failed: [], userErrors: [] });
    expect(brokenIn(report)).toMatchObject([
      { id: 'balance-is-sum', repairable: false, rows: [{ subject: userId, found: 'balance 500, entries 5' }] },
    ]);
  });

  it('of a healthy database does nothing', async () => {
    await makeJob(pool(), { status: 'FAILED' });
    const before = await readAllRows(pool());
    expect(await repair()).toMatchObject({ done: [], failed: [], report: { healthy: true } });
    expect(await readAllRows(pool())).toEqual(before);
  });

  it('names what could not be mended, and keeps to itself what the database said of it', async () => {
    await makeJob(pool(), { status: 'FAILED' });
    await bend(pool(), `update analysis_results set status = 'PROCESSING'`);
    await pool().query(`create function refuse() returns trigger language plpgsql as $$ begin raise 'CANARY'; end $$;
      create trigger refuses before update on analysis_results for each row execute function refuse()`);
    const answer = await repair();
    await pool().query('drop function refuse cascade');
    expect(answer).toMatchObject({ done: [], failed: ['result-follows-job'], report: { healthy: false } });
    expect(JSON.stringify(answer)).not.toContain('CANARY');
  });
});

describe('over HTTP and over a WebSocket', () => {
  /** Shorter than an examination is held up: no limit of requests may end it. And longer than a busy machine lets others wait. */
  const limits = { ASSAY_LIMIT_STATEMENT_MS: '4000', ASSAY_LIMIT_LOCK_MS: '4000', ASSAY_LIMIT_EXECUTION_MS: '4000' };
  let running: RunningApi;
  let token: string;

  const start = () => {
    const env = { DATABASE_URL: database().url, JWT_SECRET: 'a secret of more than thirty-two bytes', PORT: '0' };
    return startApi({ config: loadConfig({ ...env, ...limits }), log: createLog({ level: 'silent' }) });
  };

  beforeAll(async () => {
    running = await start();
    token = await createServiceToken(api().orm.em.fork(), { name: 'operator', scopes: ['jobs:repair'] });
  });
  afterAll(() => running.stop());

  async function ask(query: string, { url } = running, signal?: AbortSignal) {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const body = JSON.stringify({ query });
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body, signal: signal ?? null });
    return { status: response.status, body: await response.json() };
  }

  it('an examination may take longer than another request', async () => {
    let answer: ReturnType<typeof ask>;
    {
      await using _held = await holdUp(pool());
      answer = ask(DOCTOR);
      await waitUntilBlocked(pool());
      await pool().query('select pg_sleep(5)');
    }
    expect(await answer).toMatchObject({ status: 200, body: { data: { doctor: { healthy: true } } } });
  });

  it.each([DOCTOR, REPAIR])('ends in the database when the client goes away: %s', async (query) => {
    const gone = new AbortController();
    await using _held = await holdUp(pool());
    const answer = expect(ask(query, running, gone.signal)).rejects.toThrow('aborted');
    await waitUntilBlocked(pool());
    gone.abort();
    await answer;
    await untilGone(pool());
  });

  it('an API that stops does not wait for it, and says that another may be asked', async () => {
    const another = await start();
    await using _held = await holdUp(pool());
    const answer = ask(DOCTOR, another);
    await waitUntilBlocked(pool());
    await another.stop();
    expect(await answer).toMatchObject({
      status: 503,
      body: { errors: [{ extensions: { code: 'SERVICE_UNAVAILABLE', retryable: true } }] },
    });
    await untilGone(pool());
  });

  it.each([DOCTOR, REPAIR])('a socket answers nobody: %s', async (query) => {
    const session = await openSession(running.url, token);
    session.send(subscribe('1', query));
    expect(await session.next()).toMatchObject({
      ...{ id: '1', type: 'error' },
      payload: [{ extensions: { code: 'BAD_REQUEST' }, message: expect.stringContaining('Only subscriptions') }],
    });
    session.socket.close();
  });
});
