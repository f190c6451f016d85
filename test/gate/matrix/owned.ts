import { randomUUID } from 'node:crypto';
import type { TestDatabase } from '../../support/database.ts';
import { makeJob } from '../../support/factory.ts';
import { post } from '../../support/installation.ts';
import { openStream } from '../stream-reader.ts';
import { type Named, ROWS } from './rows.ts';

/** What his jobs are called. */
export const NAME = 'what only its owner may read';

export type Owned = Record<Named, unknown>;

export interface Owner {
  id: string;
  token: string;
  /** Of a service that follows everyone. */
  readerToken: string;
}

/** Makes what an owner may have that others could name. */
export async function makeOwned({ pool }: TestDatabase, url: string, owner: Owner): Promise<Owned> {
  const { id: userId, token } = owner;
  const make = (status: 'COMPLETED' | 'QUEUED', price = 0) => makeJob(pool, { status, userId, name: NAME, price });
  const ask = async <Data>(text: string) => (await post(url, token, text)).data as Data;
  const feedCursor = await positionOf(url, 'myEvents', token);
  const systemCursor = await positionOf(url, 'allEvents', owner.readerToken);
  const [active, shared, done] = [await make('QUEUED', 1), await make('COMPLETED'), await make('COMPLETED')];
  const share = (id: string | null) =>
    ask<{ shareResult: { result: { shareUrl: string } } }>(
      `mutation { shareResult(input: { id: "${id}" }) { result { shareUrl } userErrors { code } } }`,
    );
  const { shareResult } = await share(done.resultId);
  await share(shared.resultId);
  const { createUpload } = await ask<{ createUpload: { upload: { id: string } } }>(
    'mutation { createUpload(input: { name: "a.csv", contentType: "text/csv", size: 1 }) { upload { id } } }',
  );
  for (const key of Object.keys(ROWS).filter((name) => ROWS[name]?.names === 'key')) {
    await ask(`mutation { submitProbe(input: { behaviour: FAIL, idempotencyKey: "${key}" }) { job { id } } }`);
  }
  const record = (id: string) => `('PANGKAT', '${id}', '{}', '')`;
  await pool.query(`insert into sync_records (source, id, data, words) values ${record('1')}, ${record('2')}`);
  const { rows } = await pool.query<{ id: string }>('select id from ledger_entries where job_id = $1', [active.jobId]);
  return {
    ...{ job: done.jobId, result: done.resultId, activeJob: active.jobId, activeResult: active.resultId },
    ...{ sharedResult: shared.resultId, share: shareResult.result.shareUrl.split('/').at(-1) },
    // Each place has a key of its own, by its name.
    ...{ upload: createUpload.upload.id, key: '', grantKey: randomUUID(), user: userId, event: '0' },
    ...{ jobCursor: cursor('job', done.jobId), resultCursor: cursor('result', done.resultId) },
    ...{ ledgerCursor: cursor('ledger', rows[0]?.id), recordCursor: cursor('sync PANGKAT', 1) },
    ...{ feedCursor, systemCursor },
  };
}

/** The like of what is the owner's, of which there is none. */
export function nobodys(named: Named): unknown {
  if (named === 'event') return '1';
  if (named === 'recordCursor') return cursor('sync PANGKAT', 0);
  if (named === 'ledgerCursor') return cursor('ledger', LAST);
  const [, list] = /^(job|result)Cursor$/.exec(named) ?? [];
  if (list) return cursor(list, randomUUID());
  return /^(share|feedCursor|systemCursor)$/.test(named) ? randomUUID().repeat(2) : randomUUID();
}

/** Of the form of our ids, and behind all of them. */
const LAST = 'ffffffff-ffff-7fff-bfff-ffffffffffff';

const cursor = (list: string, id: unknown) => Buffer.from(`${list}:${id}`).toString('base64url');

/** Where a feed stands. */
async function positionOf(url: string, feed: 'myEvents' | 'allEvents', token: string): Promise<unknown> {
  const query = `subscription { ${feed} { ... on FeedPosition { position } } }`;
  const { next, leave } = await openStream(url, token, { query });
  const event = await next();
  leave();
  const { data = {} } = (event?.data ?? {}) as { data?: Record<string, { position: string }> };
  return data[feed]?.position;
}
