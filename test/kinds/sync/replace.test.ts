import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Execute } from '../../../src/kinds/kind.ts';
import { replaceRecords } from '../../../src/kinds/sync/replace.ts';
import { useDatabase } from '../../support/database.ts';

const database = useDatabase({
  bent: { 'gathered-rows-have-attempt': 'no attempt has gathered the rows of these tests' },
});

beforeEach(async () => {
  await database().pool.query('truncate sync_records, sync_staging');
});

const attempt = () => ({ id: randomUUID(), leaseToken: randomUUID() });

async function stage({ id, leaseToken }: ReturnType<typeof attempt>, from: number, to: number): Promise<void> {
  await database().pool.query(
    `insert into sync_staging select $1, $2, 'r' || n, jsonb_build_object('n', n), 'w' from generate_series($3::int, $4::int) n`,
    [id, leaseToken, from, to],
  );
}

/** Completes an attempt, in a transaction of its own as the lifecycle does it. */
async function replace(made: ReturnType<typeof attempt>, source: string, records: number): Promise<void> {
  const client = await database().pool.connect();
  const execute: Execute = async <Row>(text: string, values: readonly unknown[] = []) =>
    (await client.query(text, [...values])).rows as Row[];
  const output = { source, records, rows: records, announced: null, pages: 1, bytes: 1, warnings: [] };
  try {
    await client.query('begin');
    await replaceRecords(execute, { ...made, input: { source }, output });
    await client.query('commit');
  } finally {
    await client.query('rollback');
    client.release();
  }
}

async function count(what: string, values: unknown[] = []): Promise<number> {
  const { rows } = await database().pool.query<{ count: number }>(`select count(*)::int as count from ${what}`, values);
  return rows[0]!.count;
}

describe('the records of a source', () => {
  it('are replaced by what its attempt has gathered, and no others are touched', async () => {
    const [first, second, other] = [attempt(), attempt(), attempt()];
    await stage(first, 1, 10);
    await stage(other, 1, 5);
    await replace(first, 'PANGKAT', 10);
    await replace(other, 'SKK', 5);
    await stage(second, 8, 12);
    await stage({ ...second, leaseToken: randomUUID() }, 1, 3);
    await replace(second, 'PANGKAT', 5);
    expect(await count(`sync_records where source = 'PANGKAT'`)).toBe(5);
    expect(await count(`sync_records where source = 'PANGKAT' and id in ('r8', 'r12') and data ? 'n'`)).toBe(2);
    expect(await count(`sync_records where source = 'SKK'`)).toBe(5);
    expect(await count('sync_staging')).toBe(3);
  });

  it('are replaced in several statements where there are many', async () => {
    for (const to of [50_000, 45_000]) {
      const made = attempt();
      await stage(made, 1, to);
      await replace(made, 'PANGKAT', to);
      expect(await count('sync_records')).toBe(to);
      expect(await count('sync_staging')).toBe(0);
    }
  });

  it('may be none', async () => {
    const made = attempt();
    await stage(made, 1, 3);
    await replace(made, 'PANGKAT', 3);
    await replace(attempt(), 'PANGKAT', 0);
    expect(await count('sync_records')).toBe(0);
  });

  it('stay as they are where gathered rows are missing, or were never counted', async () => {
    const made = attempt();
    await stage(made, 1, 3);
    await replace(made, 'PANGKAT', 3);
    for (const records of [1, 3]) {
      const next = attempt();
      await stage(next, 1, 2);
      await expect(replace(next, 'PANGKAT', records)).rejects.toMatchObject({
        name: 'KindError',
        code: 'UPSTREAM_ERROR',
      });
    }
    expect(await count('sync_records')).toBe(3);
  });
});
