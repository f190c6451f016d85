import { type ApiProcess, type Apis, startApis } from './apis.ts';
import { megabytes } from './figures.ts';
import { newUsers, submitJobs } from './jobs.ts';
import { forEach, within } from './patience.ts';
import { openHandles, residentBytes } from './process-state.ts';
import { watch } from './watcher.ts';

const USERS = 50;
const AT_ONCE = 20;
const WARM_UP = 1_000;
const PATIENCE_MS = 20_000;
const NORMAL_CLOSURE = 1_000;

interface State {
  heap: number;
  resident: number;
  resources: number;
  handles: number;
  sessions: number;
}

/** What is left in an API process of `count` sockets that came, followed something and went. */
export async function benchCycles(count: number): Promise<string[]> {
  const report = new URL('./heap-report.ts', import.meta.url).href;
  await using apis = await startApis(1, { NODE_OPTIONS: `--import=${report}` });
  const [server] = apis.servers;
  if (!server) throw new Error('There is no API.');
  const jobs = await submitJobs(apis.database.url, newUsers(USERS));
  const turn = await turnOf(apis, server, jobs);
  const fresh = await stateOf(apis, server);
  await forEach(Array.from({ length: WARM_UP }), AT_ONCE, turn);
  await within(PATIENCE_MS, async () => (await openHandles(server.pid)) <= fresh.handles);
  const before = await stateOf(apis, server);
  const begunAt = performance.now();
  await forEach(Array.from({ length: count }), AT_ONCE, turn);
  const seconds = (performance.now() - begunAt) / 1_000;
  await within(PATIENCE_MS, async () => (await openHandles(server.pid)) <= before.handles);
  const after = await stateOf(apis, server);
  return [
    `${count} times: connect, subscribe, disconnect; ${(count / seconds).toFixed(0)} a second`,
    describe(`before any`, fresh),
    describe(`after ${WARM_UP}`, before),
    describe(`after ${WARM_UP + count}`, after),
  ];
}

/** One cycle: each second one follows one job, and each third one goes without a goodbye. */
async function turnOf({ tokenOf }: Apis, { url }: ApiProcess, jobs: readonly { id: string; userId: string }[]) {
  const tokens = await Promise.all(jobs.map(({ userId }) => tokenOf(userId)));
  return async (_: unknown, index: number): Promise<void> => {
    const place = index % jobs.length;
    const isOfJob = index % 2 === 0;
    const { socket } = await watch({
      url,
      token: tokens[place] ?? '',
      query: isOfJob ? OF_JOB : OF_ALL,
      variables: isOfJob ? { jobId: jobs[place]?.id } : {},
      onNext: () => undefined,
    });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    if (index % 3 === 0) socket.terminate();
    else socket.close(NORMAL_CLOSURE);
    await closed;
  };
}

const OF_JOB = 'subscription ($jobId: ID!) { jobEvents(jobId: $jobId) { seq type status } }';
const OF_ALL =
  'subscription { myEvents { ... on JobEvent { seq jobId type cursor } ... on FeedPosition { position reason } } }';

async function stateOf({ database }: Apis, server: ApiProcess): Promise<State> {
  const reports = () => [...server.output().matchAll(/heap (\d+) resources (\d+);/g)];
  const known = reports().length;
  process.kill(server.pid, 'SIGUSR2');
  if (!(await within(PATIENCE_MS, () => reports().length > known))) throw new Error('The API does not say its heap.');
  const [, heap, resources] = reports().at(-1) ?? [];
  const { rows } = await database.pool.query<{ sessions: number }>(
    `select count(*)::int as sessions from pg_stat_activity
     where datname = current_database() and application_name in ('assay-api', 'assay-listen')`,
  );
  return {
    heap: Number(heap),
    resident: await residentBytes(server.pid),
    resources: Number(resources),
    handles: await openHandles(server.pid),
    sessions: rows[0]?.sessions ?? 0,
  };
}

const describe = (name: string, { heap, resident, resources, handles, sessions }: State): string =>
  `${name.padEnd(20)} heap ${megabytes(heap)}, memory ${megabytes(resident)}, open handles ${handles}, ` +
  `active resources ${resources}, database sessions ${sessions}`;
