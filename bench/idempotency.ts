import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { ask } from '../chaos/api-client.ts';
import { type FaultProxy, startProxy } from '../chaos/proxy.ts';
import { type Apis, startApis } from './apis.ts';
import { newUsers } from './jobs.ts';
import { forEach } from './patience.ts';
import { PROBES, SUBMIT, type Submitted } from './submits.ts';

const APIS = 2;
const TIMES = 20;
const USERS = 20;
const KEYS_AT_ONCE = 2;
const CUT_MS = 250;
const CUT_SHARE = 0.4;
const PATIENCE_MS = 100;

interface Key {
  key: string;
  token: string;
}

/** All that was heard of the submits with one key. */
interface Told {
  jobs: Set<string>;
  answers: number;
  sent: number;
  isConflictTold: boolean;
}

/**
 * `count` submits, each sent 20 times at once to two API processes while their links are cut, and again until it is answered:
 * each must be one job, one charge and the same answer, and the key with another input a conflict. The exit code is 1 where
 * they are not.
 */
export async function benchIdempotency(count: number): Promise<string[]> {
  await using apis = await startApis(APIS, { ...PROBES, ASSAY_STARTING_TOKENS: '1000000' });
  await using closing = new AsyncDisposableStack();
  const proxies = await Promise.all(apis.servers.map(({ port }) => startProxy(port)));
  closing.defer(async () => void (await Promise.all(proxies.map((proxy) => proxy.close()))));
  const keys = await keysOf(apis, count);
  const cutting = new AbortController();
  const cuts = cutLinks(proxies, cutting.signal);
  const urls = proxies.map(({ port }) => `http://127.0.0.1:${port}`);
  const told = await forEach(keys, KEYS_AT_ONCE, (key) => submitMany(urls, key));
  cutting.abort();
  return judge(told, await cuts, await countRows(apis.database.pool));
}

async function keysOf({ tokenOf }: Apis, count: number): Promise<Key[]> {
  const tokens = await Promise.all(newUsers(USERS).map(tokenOf));
  return Array.from({ length: count }, (_, n) => ({ key: randomUUID(), token: tokens[n % USERS] ?? '' }));
}

async function submitMany(urls: readonly string[], { key, token }: Key): Promise<Told> {
  const told: Told = { jobs: new Set(), answers: 0, sent: 0, isConflictTold: false };
  const submit = async (url: string, behaviour: string): Promise<Submitted> => {
    for (;;) {
      told.sent += 1;
      const input = { behaviour, idempotencyKey: key };
      const answer = await ask<{ submitProbe: Submitted }>(url, token, SUBMIT, { input });
      if (answer.outcome === 'answered') return answer.data.submitProbe;
      await delay(Math.random() * PATIENCE_MS);
    }
  };
  await Promise.all(
    Array.from({ length: TIMES }, async (_, n) => {
      const { job } = await submit(urls[n % urls.length] ?? '', 'ECHO');
      told.jobs.add(JSON.stringify(job));
      told.answers += 1;
    }),
  );
  const { userErrors } = await submit(urls[0] ?? '', 'FAIL');
  told.isConflictTold = userErrors[0]?.code === 'IDEMPOTENCY_KEY_REUSED';
  return told;
}

/** Cuts some links of one process after the other. @returns how many it were */
async function cutLinks(proxies: readonly FaultProxy[], signal: AbortSignal): Promise<number> {
  let cut = 0;
  for (let turn = 0; !signal.aborted; turn += 1) {
    const links = proxies[turn % proxies.length]?.links().filter(() => Math.random() < CUT_SHARE) ?? [];
    for (const link of links) link.cut();
    cut += links.length;
    await delay(CUT_MS, undefined, { signal }).catch(() => undefined);
  }
  return cut;
}

interface Rows {
  jobs: number;
  charges: number;
}

async function countRows(pool: pg.Pool): Promise<Rows> {
  const { rows } = await pool.query<Rows>(
    `select (select count(*)::int from analysis_jobs) as jobs,
       (select count(*)::int from ledger_entries where entry = 'CHARGE') as charges`,
  );
  return rows[0] ?? { jobs: 0, charges: 0 };
}

function judge(told: readonly Told[], cuts: number, { jobs, charges }: Rows): string[] {
  const count = told.length;
  const sum = (of: (one: Told) => number) => told.reduce((total, one) => total + of(one), 0);
  const answers = sum((one) => one.answers);
  const equal = sum((one) => (one.jobs.size === 1 ? one.answers : 0));
  const conflicts = sum((one) => Number(one.isConflictTold));
  const isRight = jobs === count && charges === count && equal === count * TIMES && conflicts === count;
  if (!isRight) process.exitCode = 1;
  return [
    `${count} keys, each ${TIMES} times at once over ${APIS} processes: ${sum((one) => one.sent)} requests, ${cuts} links cut`,
    `  ${jobs} jobs, ${charges} charges; ${answers} answers, ${equal} of them equal to the others of their key`,
    `  with another input: ${conflicts} of ${count} told as IDEMPOTENCY_KEY_REUSED`,
    isRight ? '  as it must be' : '  NOT AS IT MUST BE',
  ];
}
