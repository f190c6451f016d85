import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDoctor, type Doctor } from '../../src/doctor/doctor.ts';
import { bend, clearRows, readAllRows } from '../lifecycle/rows.ts';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { makeAccount, makeJob } from '../support/factory.ts';
import { readableLog } from '../support/workers.ts';
import { holdUp, untilGone } from './doctors.ts';

const database = useDatabase({ bent: 'these tests bend rows for the doctor to find' });
const pool = () => database().pool;

const options = { leaseMs: 200, rescueMs: 50, runLimitsMs: {} };

let log: ReturnType<typeof readableLog>;
let doctor: Doctor;
beforeEach(async () => {
  await clearRows(pool());
  log = readableLog();
  doctor = createDoctor({ ...options, url: database().url, log: log.log });
});
afterEach(() => doctor.stop());

const loseTask = () => makeJob(pool(), { status: 'QUEUED', task: false });
const idsOf = ({ findings }: { findings: { invariant: { id: string } }[] }) =>
  findings.map(({ invariant }) => invariant.id);

describe('an examination', () => {
  it('is one for all who come while it is under way, and a new one for who comes later', async () => {
    const both = [];
    {
      await using _held = await holdUp(pool());
      both.push(doctor.examine());
      expect(await waitUntilBlocked(pool())).toHaveLength(1);
      both.push(doctor.examine());
    }
    const [first, second] = await Promise.all(both);
    expect(second).toBe(first);
    expect((await doctor.examine()).at.getTime()).toBeGreaterThan(first!.at.getTime());
  });

  it('goes on while one of them is left, and leaves the others alone', async () => {
    const gone = new AbortController();
    let left: Promise<unknown>;
    {
      await using _held = await holdUp(pool());
      const leaving = doctor.examine(gone.signal);
      left = doctor.examine(new AbortController().signal);
      await waitUntilBlocked(pool());
      gone.abort();
      await expect(leaving).rejects.toThrow('aborted');
      expect(await waitUntilBlocked(pool())).toHaveLength(1);
    }
    expect(await left).toMatchObject({ findings: [] });
  });

  it('ends in the database as well when the last one goes', async () => {
    const gone = [new AbortController(), new AbortController()];
    await using _held = await holdUp(pool());
    const all = Promise.allSettled(gone.map(({ signal }) => doctor.examine(signal)));
    await waitUntilBlocked(pool());
    for (const one of gone) one.abort();
    expect(await all).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
    await untilGone(pool());
  });

  it('that was just given up is not shared: who comes then gets a new one', async () => {
    const gone = new AbortController();
    let next: Promise<unknown>;
    {
      await using _held = await holdUp(pool());
      const given = doctor.examine(gone.signal);
      await waitUntilBlocked(pool());
      gone.abort();
      await expect(given).rejects.toThrow('aborted');
      next = doctor.examine();
    }
    expect(await next).toMatchObject({ findings: [] });
  });

  it('is not begun for who is gone already', async () => {
    await expect(doctor.examine(AbortSignal.abort())).rejects.toThrow('aborted');
    await expect(doctor.repair(AbortSignal.abort())).rejects.toThrow('aborted');
    await untilGone(pool());
  });

  it('that fails is told to who waits, and the next one is a new one', async () => {
    await pool().query('alter table accounts rename to hidden');
    await expect(doctor.examine()).rejects.toThrow('accounts');
    await pool().query('alter table hidden rename to accounts');
    expect(await doctor.examine()).toMatchObject({ findings: [] });
  });

  it('ends with its process', async () => {
    await using _held = await holdUp(pool());
    const ended = expect(doctor.examine()).rejects.toMatchObject({ name: 'AbortError' });
    await waitUntilBlocked(pool());
    await doctor.stop();
    await ended;
    await untilGone(pool());
  });
});

describe('a doctor who was stopped', () => {
  it('connects to nothing any more', async () => {
    const stopped = createDoctor({ ...options, url: 'postgres://127.0.0.1:1/nowhere', log: log.log });
    await expect(stopped.examine()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await stopped.stop();
    const connect = vi.spyOn(pg.Client.prototype, 'connect');
    await expect(stopped.examine()).rejects.toMatchObject({ name: 'AbortError' });
    await expect(stopped.repair()).rejects.toMatchObject({ name: 'AbortError' });
    expect(connect).not.toHaveBeenCalled();
    connect.mockRestore();
  });
});

describe('a repair', () => {
  it('mends what it can, writes it down, and tells what is broken after it', async () => {
    const { jobId } = await loseTask();
    await makeAccount(pool(), { balance: 5 });
    await bend(pool(), 'update accounts set balance = 500 where balance = 5');
    const { done, failures, examined } = await doctor.repair();
    expect({ done, failures }).toEqual({ done: [`job ${jobId}: queued anew`], failures: [] });
    expect(idsOf(examined)).toEqual(['balance-is-sum']);
    expect(log.lines).toMatchObject([{ msg: 'Invariants were repaired.', done }]);
  });

  it('of nothing is one examination', async () => {
    const { done, examined } = await doctor.repair();
    expect([done, idsOf(examined), log.lines]).toEqual([[], [], []]);
  });

  it('that fails for one row goes on, and its error is in the log', async () => {
    await makeJob(pool(), { status: 'FAILED' });
    await bend(pool(), `update analysis_results set status = 'PROCESSING'`);
    const { jobId } = await loseTask();
    await pool().query(`create function refuse() returns trigger language plpgsql as $$ begin raise 'never'; end $$;
      create trigger refuses before update on analysis_results for each row execute function refuse()`);
    const { done, failures, examined } = await doctor.repair();
    await pool().query('drop function refuse cascade');
    expect(done).toEqual([`job ${jobId}: queued anew`]);
    expect(failures.map(({ id }) => id)).toEqual(['result-follows-job']);
    expect(idsOf(examined)).toEqual(['result-follows-job']);
    expect(log.lines.at(-1)).toMatchObject({
      invariant: 'result-follows-job',
      err: { message: expect.stringContaining('never') },
    });
  });

  it('is shared by all who come meanwhile, also for an examination', async () => {
    await loseTask();
    const repairs = [];
    let examination: ReturnType<Doctor['examine']>;
    {
      await using _held = await holdUp(pool());
      repairs.push(doctor.repair(), doctor.repair());
      examination = doctor.examine();
      expect(await waitUntilBlocked(pool())).toHaveLength(1);
    }
    const [first, second] = await Promise.all(repairs);
    expect(first?.done).toHaveLength(1);
    expect(second).toBe(first);
    expect(await examination).toBe(first?.examined);
  });

  it('that comes during an examination waits for its end, whoever else comes', async () => {
    await loseTask();
    let [examination, first, second]: Promise<unknown>[] = [];
    {
      await using _held = await holdUp(pool());
      examination = doctor.examine();
      [first, second] = [doctor.repair(), doctor.repair()];
      expect(await waitUntilBlocked(pool())).toHaveLength(1);
    }
    expect(await examination).toMatchObject({ findings: [{ invariant: { id: 'waiting-job-has-task' } }] });
    expect(await first).toMatchObject({ done: [expect.stringContaining('queued anew')], examined: { findings: [] } });
    expect(await second).toBe(await first);
  });

  it('whose caller goes before it has found anything mends nothing', async () => {
    await loseTask();
    const before = await readAllRows(pool());
    const gone = new AbortController();
    {
      await using _held = await holdUp(pool());
      const repair = doctor.repair(gone.signal);
      await waitUntilBlocked(pool());
      gone.abort();
      await expect(repair).rejects.toThrow('aborted');
      await untilGone(pool());
    }
    expect(await doctor.examine()).toMatchObject({ findings: [{ invariant: { id: 'waiting-job-has-task' } }] });
    expect(await readAllRows(pool())).toEqual(before);
  });
});
