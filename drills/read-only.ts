import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { startLoad } from './load.ts';
import { startProbing } from './probing.ts';
import { judgeReturn, judgeSubmits } from './refusals.ts';
import { LEASE_MS, type Site, startSite } from './site.ts';
import { judgeBooks, Verdict } from './verdict.ts';

const BEFORE_MS = 3_000;
const AFTER_MS = 10_000;

/**
 * PostgreSQL takes no writes for some seconds: first from the sessions that are open, as where its disk is nearly full
 * and its owner says so; then from all that are opened meanwhile, which stay so when the others may write again.
 */
export async function drillReadOnly(seconds: number): Promise<Verdict> {
  const verdict = new Verdict();
  const site = await startSite({ apis: 2, workers: 2, users: 10 });
  const { postgres } = site;
  await meet(site, verdict, 'from the open sessions', async () => {
    await alter(site, () => [`alter system set default_transaction_read_only = on`, 'select pg_reload_conf()']);
    await delay(seconds * 1_000);
    await alter(site, () => [`alter system reset default_transaction_read_only`, 'select pg_reload_conf()']);
  });
  await meet(site, verdict, 'from new sessions', async () => {
    await alter(site, (name) => [`alter database ${name} set default_transaction_read_only = on`]);
    await postgres.endSessions(1_000);
    await delay(seconds * 1_000);
    await alter(site, (name) => [`alter database ${name} reset default_transaction_read_only`]);
  });
  await judgeBooks(site, verdict, LEASE_MS);
  const [counted] = await postgres.query<{ count: number }>(
    'select count(*)::int from audit_v1.events where attempt > 1 or round > 1',
  );
  verdict.expect('attempts that it has cost', counted?.count === 0, String(counted?.count));
  await site.fleet.stop();
  return verdict;
}

async function alter({ postgres }: Site, statements: (database: string) => string[]): Promise<void> {
  const name = pg.escapeIdentifier(new URL(postgres.url).pathname.slice(1));
  await postgres.withClient(async (client) => {
    await client.query('set default_transaction_read_only = off');
    for (const statement of statements(name)) await client.query(statement);
  });
}

async function meet(site: Site, verdict: Verdict, name: string, outage: () => Promise<void>): Promise<void> {
  const { urls, users } = site;
  verdict.note(`PostgreSQL takes no writes ${name}`, '');
  const load = startLoad({ urls, users, lanes: 4, pauseMs: 60 });
  const probing = startProbing(urls, users[0]?.token ?? '');
  await delay(BEFORE_MS);
  const reading = startReading(site);
  const from = performance.now();
  await outage();
  const until = performance.now();
  const reads = await reading.stop();
  await delay(AFTER_MS);
  await probing.stop();
  await load.stop();
  judgeSubmits(probing, verdict, { from, until });
  const unwell = probing.paths.filter(({ path, status }) => path === '/healthz' && status !== 200).length;
  verdict.expect('/healthz 200', unwell === 0, `${unwell} times not`);
  const failed = reads.filter((isAnswered) => !isAnswered).length;
  verdict.expect('reads go on', failed <= reads.length / 10, `${reads.length}, of them failed ${failed}`);
  await judgeReturn(site, { probing, load }, verdict, until);
}

/** Reads a list ten times a second. A session that is cut takes the read along that is under way over it. */
function startReading({ urls, users }: Site): { stop(): Promise<boolean[]> } {
  const read = async () => {
    const response = await fetch(`${urls[0]}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${users[0]?.token}` },
      body: JSON.stringify({ query: '{ jobs(first: 10) { nodes { id status } } }' }),
    });
    return ((await response.json()) as { errors?: unknown }).errors === undefined;
  };
  const reads: Promise<boolean>[] = [];
  const timer = setInterval(() => void reads.push(read().catch(() => false)), 100);
  return {
    async stop() {
      clearInterval(timer);
      return await Promise.all(reads);
    },
  };
}
