// Runs Assay under faults and checks that nothing it promises is broken:
//   npm run chaos -- --seed 1 --minutes 1
import { execFile } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { SignJWT } from 'jose';
import { check, checkAnswers, settle } from './checks.ts';
import { createClientLog } from './client-log.ts';
import { planFaults } from './fault-plan.ts';
import { createFindings } from './findings.ts';
import { CLI, type Fleet, startFleet } from './fleet.ts';
import { createFollowers } from './followers.ts';
import { runLoad } from './load.ts';
import type { User } from './load-parts.ts';
import { runNemesis } from './nemesis.ts';
import { startPostgres } from './postgres.ts';
import { createRandom, type Random } from './random.ts';
import { makeRunFolder } from './run-folder.ts';
import { describeViolations, summarize } from './summary.ts';
import { checkSyncs, runSyncs, SOURCES, startSource } from './syncs.ts';

const HELP = `Usage: npm run chaos -- [options]

Two APIs and three workers on one PostgreSQL, each behind a proxy; users who submit, cancel, retry, delete and follow;
faults of every sort. Then it is healed, left to settle, and checked. Exits with 1 when anything was broken.

  --seed <n>      draws the load and the faults (a random one)
  --minutes <n>   how long (1)
  --rate <n>      jobs a second (10)
  --no-faults     the load and the checks alone
  --logs <dir>    keeps the logs of all processes there
  --verbose       prints each fault`;

const { values } = parseArgs({
  allowNegative: true,
  options: {
    seed: { type: 'string' },
    minutes: { type: 'string', default: '1' },
    rate: { type: 'string', default: '10' },
    faults: { type: 'boolean', default: true },
    logs: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
});

const USERS = 6;
const LEASE_MS = 3_000;
const START_LIMIT_MS = 60_000;
const SETTLE_LIMIT_MS = 180_000;
const DRAIN_LIMIT_MS = 30_000;
const FOLLOWED = 0.4;
const SCOPES = 'tokens:grant,jobs:read,jobs:repair,sync:run';

/** Short leases and limits, so that much happens in a minute. Every job has a price, so that the ledger is moved. */
const SETTINGS = {
  ASSAY_LEASE_MS: String(LEASE_MS),
  ASSAY_HEARTBEAT_MS: '500',
  ASSAY_RESCUE_MS: '500',
  ASSAY_PROGRESS_MS: '50',
  ASSAY_RUN_LIMIT_PROBE_MS: '4500',
  ASSAY_WORKER_CONCURRENCY: '4',
  ASSAY_PROBES: 'on',
  ASSAY_PRICE_PROBE: '1',
  ASSAY_STARTING_TOKENS: '40',
  // Few users send as much as many would.
  ASSAY_LIMIT_SUBMITS_PER_MINUTE: '100000',
  ASSAY_LIMIT_OTHER_MUTATIONS_PER_MINUTE: '100000',
};

async function main(): Promise<number> {
  const seed = values.seed === undefined ? randomInt(1_000_000) : Number(values.seed);
  const minutes = Number(values.minutes);
  if (!Number.isSafeInteger(seed) || !(minutes > 0) || !(Number(values.rate) > 0)) throw new Error(HELP);
  console.log(`seed ${seed}, ${minutes} minutes`);
  const folder = await makeRunFolder();
  const postgres = await startPostgres(folder);
  const secret = randomBytes(32).toString('hex');
  const source = await startSource(createRandom(seed, 'source'));
  const addresses = SOURCES.map((name) => [`ASSAY_SYNC_URL_${name}`, `${source.origin}/${name}`]);
  const storageUrl = pathToFileURL(path.join(folder, 'files')).href;
  const own = { JWT_SECRET: secret, ASSAY_STORAGE_URL: storageUrl };
  const env = { ...SETTINGS, ...Object.fromEntries(addresses), ...own };
  await assay(['migrate', 'up'], { folder, env: { ...env, DATABASE_URL: postgres.url } });
  const serviceArgs = ['token', 'service', '--name', 'chaos', '--scopes', SCOPES];
  const serviceToken = await assay(serviceArgs, { folder, env: { ...env, DATABASE_URL: postgres.url } });
  const fleet = await startFleet({ folder, databaseUrl: postgres.url, env });
  await fleet.allReady(START_LIMIT_MS);

  const users = await makeUsers(seed, secret);
  const url = chooseApi(fleet, createRandom(seed, 'routes'));
  const [log, findings] = [createClientLog(), createFindings()];
  const followers = createFollowers({ url, random: createRandom(seed, 'followers'), findings });
  const random = createRandom(seed, 'load');
  const loading = {
    ...{ url, users, serviceToken, log, findings, random },
    leaseMs: LEASE_MS,
    jobsPerSecond: Number(values.rate),
    onSubmitted: (job: Parameters<typeof followers.follow>[0]) => random.chance(FOLLOWED) && followers.follow(job),
    onRetried: followers.resume,
  };
  const plan = values.faults ? planFaults(createRandom(seed, 'plan'), minutes, LEASE_MS) : [];
  const over = AbortSignal.timeout(minutes * 60_000);
  const say = (line: string) => values.verbose && console.log(line);
  const nemesis = { fleet, postgres, random: createRandom(seed, 'nemesis'), log: say, signal: over };
  const [faults] = await Promise.all([
    runNemesis(plan, nemesis),
    runLoad(loading, over),
    runSyncs(loading, createRandom(seed, 'syncs'), over),
  ]);

  await fleet.heal();
  const settledIn = await settle(postgres, SETTLE_LIMIT_MS);
  if (settledIn === null) findings.violation('a healed installation settles', `not within ${SETTLE_LIMIT_MS} ms`);
  for (const user of users.slice(0, 1)) await checkAnswers(fleet, user.token, findings);
  for (const { jobId, sessions } of await followers.drain(DRAIN_LIMIT_MS)) {
    findings.violation('a follower comes to the end', JSON.stringify(sessions.at(-1)), jobId);
  }
  await followers.close();
  await check({ postgres, fleet, followers, log, findings, leaseMs: LEASE_MS, storageUrl });
  await checkSyncs(postgres, findings);
  const parts = { seed, minutes, postgres, entries: log.entries, followers, faults, findings, settledIn };
  console.log((await describeViolations(findings.violations, parts)).join('\n'));
  console.log((await summarize(parts)).join('\n'));
  await fleet.stop();
  await postgres.stop();
  source.stop();
  if (values.logs !== undefined) await keepLogs(folder, values.logs);
  return findings.violations.length === 0 ? 0 : 1;
}

/** As a load balancer does it: mostly to one that is up, now and then to any. */
function chooseApi(fleet: Fleet, random: Random): () => string {
  const all = fleet.members.filter(({ name }) => name.startsWith('api'));
  return () => {
    const ready = fleet.ready('api');
    return random.pick(ready.length > 0 && random.chance(0.95) ? ready : all).url;
  };
}

async function makeUsers(seed: number, secret: string): Promise<User[]> {
  const random = createRandom(seed, 'users');
  const ids = Array.from({ length: USERS }, () => random.uuid());
  return await Promise.all(
    ids.map(async (id) => {
      const token = new SignJWT().setProtectedHeader({ alg: 'HS256' }).setSubject(id).setIssuedAt();
      return { id, token: await token.setExpirationTime('2h').sign(new TextEncoder().encode(secret)) };
    }),
  );
}

/** Runs a command of Assay to its end. @returns what it printed */
async function assay(args: string[], { folder, env }: { folder: string; env: NodeJS.ProcessEnv }): Promise<string> {
  const { PATH, HOME } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...args], {
    cwd: folder,
    env: { PATH, HOME, ...env },
  });
  return stdout.trim();
}

async function keepLogs(folder: string, target: string): Promise<void> {
  await cp(folder, path.resolve(target), {
    recursive: true,
    filter: (source) => source === folder || source.endsWith('.log'),
  });
}

// The folder and whatever still runs in it go with this process, by its exit.
process.exit(
  await main().catch((error: unknown) => {
    console.error(error instanceof Error && error.message === HELP ? HELP : error);
    return 2;
  }),
);
