import type pg from 'pg';
import { ask } from '../chaos/api-client.ts';
import { startApis } from './apis.ts';
import { describeMs } from './figures.ts';
import { newUsers } from './jobs.ts';
import { PROBES, SUBMIT, type Submitted } from './submits.ts';

const APIS = 2;
const AT_ONCE = 50;
const FUNDS = 7;

interface Round {
  userId: string;
  accepted: number;
  refused: number;
  ms: number;
}

/**
 * `count` users with 7 tokens each, who submit 50 jobs of one token at once over two API processes: 7 must be taken, and
 * nothing be left. The exit code is 1 where it is not so.
 */
export async function benchOverspend(count: number): Promise<string[]> {
  await using apis = await startApis(APIS, { ...PROBES, ASSAY_STARTING_TOKENS: String(FUNDS) });
  const urls = apis.servers.map(({ url }) => url);
  const rounds: Round[] = [];
  for (const userId of newUsers(count)) rounds.push(await play(urls, userId, await apis.tokenOf(userId)));
  return await judge(apis.database.pool, rounds);
}

async function play(urls: readonly string[], userId: string, token: string): Promise<Round> {
  const began = performance.now();
  const answers = await Promise.all(
    Array.from({ length: AT_ONCE }, (_, n) =>
      ask<{ submitProbe: Submitted }>(urls[n % urls.length] ?? '', token, SUBMIT, { input: { behaviour: 'ECHO' } }),
    ),
  );
  const told = answers.map((answer) => (answer.outcome === 'answered' ? answer.data.submitProbe : null));
  return {
    userId,
    accepted: told.filter((one) => one?.job).length,
    refused: told.filter((one) => one?.userErrors[0]?.code === 'INSUFFICIENT_TOKENS').length,
    ms: performance.now() - began,
  };
}

async function judge(pool: pg.Pool, rounds: readonly Round[]): Promise<string[]> {
  const { rows } = await pool.query<{ userId: string; balance: number; jobs: number }>(
    `select a.user_id as "userId", a.balance, (select count(*)::int from analysis_jobs j where j.user_id = a.user_id) as jobs
     from accounts a`,
  );
  const accounts = new Map(rows.map((row) => [row.userId, row]));
  const right = rounds.filter(({ userId, accepted, refused }) => {
    const { balance, jobs } = accounts.get(userId) ?? { balance: Number.NaN, jobs: 0 };
    return accepted === FUNDS && refused === AT_ONCE - FUNDS && balance === 0 && jobs === FUNDS;
  });
  if (right.length < rounds.length) process.exitCode = 1;
  const sum = (of: (round: Round) => number) => rounds.reduce((total, round) => total + of(round), 0);
  return [
    `${rounds.length} rounds of ${AT_ONCE} submits at once over ${APIS} processes, with funds for ${FUNDS}: ` +
      `${right.length} took ${FUNDS} and left a balance of 0`,
    `  ${sum(({ accepted }) => accepted)} taken, ${sum(({ refused }) => refused)} told INSUFFICIENT_TOKENS`,
    describeMs(
      '  one round',
      rounds.map(({ ms }) => ms),
    ),
  ];
}
