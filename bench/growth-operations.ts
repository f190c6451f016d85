import { CancelJobDocument, ListJobsDocument, ReadJobDocument, SystemHealthDocument } from '../src/client/index.ts';
import { makeJob } from '../test/support/factory.ts';
import type { Grown } from './grown.ts';
import { SUBMIT, type Submitted } from './submits.ts';

/** Something that is done to an installation of any size. */
export interface Operation {
  name: string;
  /** How often in a row. */
  times: number;
  /** Does it, with what has to be there before and away after. @returns milliseconds of the operation itself */
  run(grown: Grown): Promise<number>;
}

const PAGE = 50;
/** Of a hundred jobs of a user, where the page begins. */
const BEFORE_PAGE = 25;
const LOST = 3;
/** A lost job began two minutes ago, and was last heard of a minute ago. */
const LOST_JOB = { status: 'PROCESSING', kind: 'PROBE', createdAt: 120, leaseExpiresIn: -60 } as const;
/** The server, from whose start a lease counts at the earliest, is older than that. */
const LEASE_MS = 1_000;
const RUN_LIMITS_MS = { PROBE: 600_000 };
const KEEP_MS = 3_650 * 86_400_000;

const STATS = `query ($since: DateTime) {
  jobStats(since: $since) { total queued processing completed failed cancelled successRate averageProcessingTime }
}`;
const HOUR_MS = 3_600_000;
/** Without the total, which is counted up to a thousand: half of the smallest has fewer. */
const OLDER = `query ($before: DateTime) {
  jobs(first: ${PAGE}, filter: { createdBefore: $before }) { nodes { id name status seq createdAt finishedAt } }
}`;
const STUCK = '{ stuckJobs { id status } }';

export async function timed(act: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await act();
  return performance.now() - from;
}

async function submit({ nextWriter, lifecycle }: Grown): Promise<number> {
  const { id, client } = await nextWriter();
  let submitted: Submitted | undefined;
  const ms = await timed(async () => {
    submitted = (await client.request<{ submitProbe: Submitted }, object>(SUBMIT, ECHO)).submitProbe;
  });
  if (!submitted?.job) throw new Error(`The job was not taken: ${JSON.stringify(submitted)}`);
  await lifecycle.cancel({ jobId: submitted.job.id, scope: { owner: id }, message: 'Nobody waits for it' });
  return ms;
}
export const ECHO = { input: { behaviour: 'ECHO' } };

async function list({ nextReader }: Grown): Promise<number> {
  const { client } = await nextReader();
  const { jobs } = await client.request(ListJobsDocument, { first: BEFORE_PAGE });
  return await timed(() => client.request(ListJobsDocument, { first: PAGE, after: jobs.pageInfo.endCursor }));
}

const listEveryones = ({ service }: Grown) => timed(() => service.request(ListJobsDocument, { first: PAGE }));

const listOlder = ({ service, middle }: Grown) => timed(() => service.request(OLDER, { before: middle }));

async function readJob({ nextReader }: Grown): Promise<number> {
  const { client } = await nextReader();
  const { jobs } = await client.request(ListJobsDocument, { first: 1 });
  return await timed(() => client.request(ReadJobDocument, { id: jobs.nodes[0]?.id ?? '' }));
}

async function cancel({ nextWriter, pool }: Grown): Promise<number> {
  const { id: userId, client } = await nextWriter();
  const { jobId } = await makeJob(pool, { status: 'QUEUED', kind: 'PROBE', userId, createdAt: 120 });
  return await timed(async () => {
    const { cancelJob } = await client.request(CancelJobDocument, { id: jobId });
    if (cancelJob.job?.status !== 'CANCELLED') throw new Error(`It was not cancelled: ${JSON.stringify(cancelJob)}`);
  });
}

async function stats({ nextReader }: Grown): Promise<number> {
  const { client } = await nextReader();
  return await timed(() => client.request(STATS, {}));
}

const anHourAgo = () => new Date(Date.now() - HOUR_MS);
const statsOfEveryone = ({ service }: Grown, since?: Date) => timed(() => service.request(STATS, { since }));

async function rescue({ lifecycle }: Pick<Grown, 'lifecycle'>, lost = 0): Promise<number> {
  return await timed(async () => {
    const seenAt = await lifecycle.readTime();
    const { released } = await lifecycle.rescue({ leaseMs: LEASE_MS, runLimitsMs: RUN_LIMITS_MS, seenAt });
    if (released.length !== lost) throw new Error(`${released.length} of ${lost} jobs were rescued`);
  });
}

async function rescueLost(grown: Grown): Promise<number> {
  const jobIds: string[] = [];
  for (let job = 0; job < LOST; job += 1) {
    const { id: userId } = await grown.nextWriter();
    jobIds.push((await makeJob(grown.pool, { ...LOST_JOB, userId })).jobId);
  }
  const ms = await rescue(grown, LOST);
  await grown.lifecycle.cancelMany(jobIds, { scope: 'any owner', message: 'Nobody waits for it' });
  return ms;
}

async function prune({ lifecycle }: Grown): Promise<number> {
  return await timed(async () => {
    const { jobs, events } = await lifecycle.prune(KEEP_MS);
    if (jobs + events > 0) throw new Error('Something was due');
  });
}

/** What needs no worker. */
export const OPERATIONS: readonly Operation[] = [
  { name: 'submit a probe', times: 1, run: submit },
  { name: 'cancel a waiting job', times: 1, run: cancel },
  { name: 'read a job', times: 3, run: readJob },
  { name: `list ${PAGE} jobs from the middle`, times: 3, run: list },
  { name: `list ${PAGE} jobs of everyone`, times: 3, run: listEveryones },
  { name: `list ${PAGE} from half of the time back`, times: 3, run: listOlder },
  { name: 'jobStats of a user', times: 3, run: stats },
  { name: 'jobStats of everyone in an hour', times: 3, run: (grown) => statsOfEveryone(grown, anHourAgo()) },
  { name: 'jobStats of everyone', times: 1, run: (grown) => statsOfEveryone(grown) },
  { name: 'stuckJobs', times: 3, run: ({ service }) => timed(() => service.request(STUCK, {})) },
  { name: 'look for lost jobs, none there', times: 3, run: (grown) => rescue(grown) },
  { name: `rescue ${LOST} lost jobs`, times: 1, run: rescueLost },
  { name: 'prune, nothing due', times: 1, run: prune },
  { name: 'systemHealth', times: 3, run: ({ service }) => timed(() => service.request(SystemHealthDocument, {})) },
];
