import type pg from 'pg';
import { beforeEach, describe, expect, it, type TestContext, vi } from 'vitest';
import type { SyncSource } from '../../../src/entities/sync-source.ts';
import type { SyncOutput } from '../../../src/kinds/sync/shapes.ts';
import { useDatabase } from '../../support/database.ts';
import { startShared } from '../../support/upstream.ts';
import { LASTING, OWN_KINDS, useWorkers } from '../../support/workers.ts';

const database = useDatabase();
const workers = useWorkers(database);

const IMPATIENT_KINDS = new URL('../../support/sync-kinds.ts', import.meta.url).href;
/** Where it is not the time that a page takes which is at fault, it may take any. */
const PATIENT_KINDS = new URL('../../support/patient-sync-kinds.ts', import.meta.url).href;

/** The sizes of the stand-in's lists. */
const ROWS = { PENSIUN: 7_215, PG_AKADEMIK: 514, PG_PROFESI: 34, SKK: 0 } as const;

const OLD = { id: 'old', name: 'FROM BEFORE' };

beforeEach(async () => {
  await database().pool.query('delete from sync_records');
  for (const source of Object.keys(ROWS)) {
    await database().pool.query('insert into sync_records (source, id, data, words) values ($1, $2, $3, $2)', [
      source,
      OLD.id,
      JSON.stringify(OLD),
    ]);
  }
});

async function readRecords(pool: pg.Pool, source: SyncSource): Promise<{ id: string; name: string }[]> {
  const { rows } = await pool.query<{ data: { id: string; name: string } }>(
    'select data from sync_records where source = $1 order by id',
    [source],
  );
  return rows.map(({ data }) => data);
}

/** What an attempt has gathered goes just after its end. */
const nothingStaged = () =>
  vi.waitFor(async () => expect((await database().pool.query('select from sync_staging')).rowCount).toBe(0), {
    ...{ timeout: 15_000, interval: 20 },
  });

/** Syncs one source of the stand-in with one fault, and answers how it ended. */
async function sync(
  context: TestContext,
  { fault, source = 'PG_AKADEMIK', kindsModule = PATIENT_KINDS, token, env = {} }: Scenario,
) {
  const origin = await startShared(context, ...(fault ? ['--fault', fault] : []), ...(token ? ['--token', token] : []));
  const address = { [`ASSAY_SYNC_URL_${source}`]: `${origin}/${source.toLowerCase()}` };
  await workers.start({ ...LASTING, ...address, ...env }, { kindsModule });
  const request = { source, force: true, requestedBy: 'service:test', maxAttempts: 2 };
  const { job } = await workers.lifecycle().requestSync(request);
  const state = await workers.reach(job.id, ['COMPLETED', 'FAILED']);
  const { pool } = database();
  return {
    ...state,
    output: state.testResult as SyncOutput,
    records: await readRecords(pool, source),
    events: await workers.events(job.id),
  };
}

interface Scenario {
  fault?: string;
  source?: keyof typeof ROWS;
  kindsModule?: string;
  token?: string;
  env?: Record<string, string>;
}

describe('a source that is copied whole', () => {
  for (const fault of [undefined, 'flaky', 'rate', 'repeat'] as const) {
    it(`to its last row: ${fault ?? 'without a fault'}`, async (context) => {
      const { status, output, records, events, progress } = await sync(context, fault ? { fault } : {});
      expect({ status, events }).toEqual({ status: 'COMPLETED', events: ['QUEUED', 'STARTED', 'COMPLETED'] });
      await nothingStaged();
      expect(output).toMatchObject({ source: 'PG_AKADEMIK', records: ROWS.PG_AKADEMIK, announced: ROWS.PG_AKADEMIK });
      expect(records).toHaveLength(ROWS.PG_AKADEMIK);
      expect(records[0]).toEqual({ id: expect.any(String), parentId: expect.any(String), name: expect.any(String) });
      expect(progress.percent).toBe(100);
      expect(output.warnings).toEqual(fault === 'repeat' ? [expect.stringMatching(/^\d+ rows came with an id/)] : []);
    });
  }

  it('with a warning where it lied about its total', async (context) => {
    const { status, output, records } = await sync(context, { fault: 'liar' });
    expect(status).toBe('COMPLETED');
    expect(records).toHaveLength(ROWS.PG_AKADEMIK);
    expect(output.warnings).toEqual(['The source announced 1028 rows and gave 514 different ones']);
  });

  it('in many pages', async (context) => {
    const { output, records } = await sync(context, { source: 'PENSIUN' });
    expect(output).toMatchObject({ records: ROWS.PENSIUN, pages: Math.ceil(ROWS.PENSIUN / 100) + 1 });
    expect(records).toHaveLength(ROWS.PENSIUN);
  });

  it('also where it has nothing', async (context) => {
    const { status, output, records } = await sync(context, { source: 'SKK' });
    expect({ status, records }).toEqual({ status: 'COMPLETED', records: [] });
    expect(output).toMatchObject({ records: 0, rows: 0, pages: 1, warnings: [] });
  });

  it('although it takes five seconds a page', async (context) => {
    const { status, records } = await sync(context, { source: 'PG_PROFESI', fault: 'slow', kindsModule: OWN_KINDS });
    expect({ status, count: records.length }).toEqual({ status: 'COMPLETED', count: ROWS.PG_PROFESI });
  });

  it('only for who has its token, which is told to nobody else', async (context) => {
    const token = 'the-token-of-the-source';
    const env = { ASSAY_SYNC_TOKEN_PG_PROFESI: token };
    const { status } = await sync(context, { source: 'PG_PROFESI', token, env });
    expect(status).toBe('COMPLETED');
    const { rows } = await database().pool.query(
      `select to_jsonb(j)::text || to_jsonb(r)::text as text from analysis_jobs j join analysis_results r on r.job_id = j.id
       union all select to_jsonb(e)::text from job_events e union all select payload::text from graphile_worker._private_jobs`,
    );
    expect(JSON.stringify(rows)).not.toContain(token);
  });
});

describe('a source that fails leaves the old records as they were', () => {
  const ends: [fault: string, message: string | RegExp, attempts: number, more?: Scenario][] = [
    ['garbage', 'The source answered at row 200 with something that is not JSON', 2],
    ['die', /^The source broke off in the middle of the page at row 400/, 2],
    [
      'endless',
      'The source gave more than the 1000 rows that a sync may read',
      1,
      { env: { ASSAY_LIMIT_SYNC_ROWS: '1000' } },
    ],
    ['drip', 'The source took longer than 0.7 s for the page at row 0', 1, { kindsModule: IMPATIENT_KINDS }],
  ];
  for (const [fault, message, attempts, more] of ends) {
    it(`by itself: ${fault}`, async (context) => {
      const { status, failureCode, failureMessage, attempt, records } = await sync(context, { fault, ...more });
      expect({ status, failureCode, attempt }).toEqual({
        status: 'FAILED',
        failureCode: 'UPSTREAM_ERROR',
        attempt: attempts,
      });
      expect(failureMessage).toMatch(message);
      expect(records).toEqual([OLD]);
      await nothingStaged();
    });
  }

  it('because it refuses us', async (context) => {
    const { failureMessage, attempt, records } = await sync(context, { token: 'the-right-one' });
    expect({ failureMessage, attempt }).toEqual({ failureMessage: 'The source answered 401 at row 0', attempt: 1 });
    expect(records).toEqual([OLD]);
  });
});
