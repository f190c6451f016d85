import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { INVARIANTS, type InvariantId } from '../../src/lifecycle/invariants.ts';
import { type Bent, findBroken, LEASE_MS } from '../lifecycle/invariants.ts';

const NOBODY_LIVES = 'when a test is done, no worker lives that could have put it right';
const UNATTENDED: Bent = {
  'held-task-is-running': NOBODY_LIVES,
  'running-job-has-worker': NOBODY_LIVES,
  'ended-job-is-let-go': NOBODY_LIVES,
};

type Broken = Partial<Record<InvariantId, string[]>>;

const SETTLE_LIMIT_MS = 10_000;
const POLL_MS = 50;

/** Holds the rows of a database against the invariants, as often as it is asked. */
export interface RowJudge {
  /** @throws when rows break an invariant that is not `bent` */
  check(bent: Bent): Promise<void>;
  stop(): Promise<void>;
}

/** A worker or an API that outlives the test may be in the middle of something. */
const isOnlyUnsettled = (broken: Broken): boolean => {
  const found = INVARIANTS.filter(({ id }) => id in broken);
  return found.length > 0 && found.every(({ settles }) => settles);
};

/** Judges over a connection of its own, which it opens when it is first asked and anew when a test has cut it. */
export function createRowJudge(url: string): RowJudge {
  let client: pg.Client | undefined;

  async function connect(): Promise<pg.Client> {
    const opened = new pg.Client({
      connectionString: url,
      application_name: 'assay-test-invariants',
      options: '-c plan_cache_mode=force_generic_plan',
    });
    opened.on('error', () => undefined);
    await opened.connect();
    return opened;
  }

  async function judge(bent: Bent): Promise<Broken> {
    client ??= await connect();
    const allowed = { ...UNATTENDED, ...bent };
    return (await isAnyBroken(client, allowed)) ? await findBroken(client, allowed) : {};
  }

  async function stop(): Promise<void> {
    const last = client;
    client = undefined;
    await last?.end();
  }

  return {
    async check(bent) {
      let broken = await judge(bent).catch(async () => {
        await stop();
        return await judge(bent);
      });
      const deadline = Date.now() + SETTLE_LIMIT_MS;
      while (isOnlyUnsettled(broken) && Date.now() < deadline) {
        await delay(POLL_MS);
        broken = await judge(bent);
      }
      const lines = Object.entries(broken).map(([id, rows]) => `${id}:\n  ${rows.slice(0, 5).join('\n  ')}`);
      if (lines.length > 0) throw new Error(`The test left rows that break an invariant:\n${lines.join('\n')}`);
    },
    stop,
  };
}

/** One statement for all, whose plan is kept: to ask for each by itself after each test takes ten times as long. */
async function isAnyBroken(client: pg.Client, allowed: Bent): Promise<boolean> {
  const asked = INVARIANTS.filter(({ id }) => !(id in allowed));
  const all = asked.map(({ broken }) => `exists (select from (${broken}) broken)`);
  const { rows } = await client.query<{ found: boolean }>({
    name: createHash('md5').update(all.join()).digest('hex'),
    text: `with lease as (select make_interval(secs => $1::float8 / 1000) as time) select ${all.join(' or ')} as found`,
    values: [LEASE_MS],
  });
  return rows[0]?.found === true;
}
