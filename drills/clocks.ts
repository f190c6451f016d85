import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { at } from '../bench/figures.ts';
import { within } from '../bench/patience.ts';
import { ask } from '../chaos/api-client.ts';
import { describeFailures, startLoad } from './load.ts';
import { LEASE_MS, type Site, startSite, type User } from './site.ts';
import { judgeBooks, Verdict } from './verdict.ts';

const HOUR_MS = 3_600_000;
const WRONG_BY_MS = 2 * HOUR_MS;
const KILLS = 3;
const RESCUED_WITHIN_S = 15;
const LONG_MS = 25_000;
const PATIENCE_MS = 90_000;
const PER_MINUTE = 200;
const READ = '{ viewer { tokenBalance } }';
const CANCEL = `mutation ($input: CancelJobInput!) { payload: cancelJob(input: $input) { userErrors { code } } }`;
const SUBMIT = `mutation ($input: SubmitProbeInput!) { payload: submitProbe(input: $input) { job { id } } }`;
const ANNOUNCE = `mutation ($input: CreateUploadInput!) { payload: createUpload(input: $input) { upload { url } } }`;

/** One API is two hours ahead, and one worker two hours behind; `seconds` of load, then workers are killed. */
export async function drillClocks(seconds: number): Promise<Verdict> {
  const verdict = new Verdict();
  const preload = `--import=${new URL('./shifted-clock.ts', import.meta.url).href}`;
  const shifts: Record<string, number> = { 'api-2': WRONG_BY_MS, 'worker-2': -WRONG_BY_MS };
  const envOf = (name: string) => ({ NODE_OPTIONS: preload, CLOCK_SHIFT_MS: String(shifts[name] ?? 0) });
  const env = { ASSAY_LIMIT_OTHER_MUTATIONS_PER_MINUTE: String(PER_MINUTE) };
  const site = await startSite({ apis: 2, workers: 2, users: 40, env, envOf });
  const { urls, users } = site;
  const load = startLoad({ urls, users: users.slice(1), lanes: 4, pauseMs: 60 });
  await delay(seconds * 1_000);
  await load.stop();
  verdict.expect(
    'failed requests',
    describeFailures(load.sent) === '0',
    `${describeFailures(load.sent)} of ${load.sent.length}`,
  );
  await judgeRescues(site, verdict);
  await judgeBooks(site, verdict, LEASE_MS);
  await judgeTimes(site, verdict);
  await judgeTokens(site, verdict);
  await judgeLinks(site, verdict);
  await judgeMinutes(site, verdict);
  await site.fleet.stop();
  return verdict;
}

/** Workers are killed in turn while they run long jobs: who is behind must be rescued, and rescue, neither early nor late. */
async function judgeRescues({ fleet, urls, users, postgres }: Site, verdict: Verdict): Promise<void> {
  const [user] = users;
  if (!user) throw new Error('There is no user.');
  const submit = async () => {
    const input = { behaviour: 'SLEEP', milliseconds: LONG_MS };
    const answer = await ask<{ payload: { job: { id: string } } }>(urls[1] ?? '', user.token, SUBMIT, { input });
    if (answer.outcome !== 'answered') throw new Error(`A job was not taken: ${JSON.stringify(answer)}`);
    return answer.data.payload.job.id;
  };
  const ids = await Promise.all([1, 2, 3, 4, 5, 6].map(submit));
  const workers = fleet.members.filter(({ name }) => name.startsWith('worker'));
  for (let kill = 0; kill < KILLS; kill += 1) {
    const [worker] = workers.slice(kill % workers.length);
    await within(PATIENCE_MS, async () => {
      const running = await postgres.query(
        `select from analysis_jobs j join workers w on w.id = j.worker_id
         where j.status = 'PROCESSING' and j.id = any($1) and w.pid = $2`,
        [ids, worker?.pid],
      );
      return running.length > 0;
    });
    worker?.end('SIGKILL');
    await delay(LEASE_MS + 5_000);
  }
  const rows = await postgres.query<{ after: number; worker: boolean }>(
    `select rescued_after::float8 as after from job_events where type = 'RELEASED'`,
  );
  const silences = rows.map(({ after }) => after).sort((a, b) => a - b);
  const isInTime = silences.length > 0 && silences.every((s) => s >= LEASE_MS / 1_000 && s <= RESCUED_WITHIN_S);
  const shown = `${silences[0]?.toFixed(1)} to ${silences.at(-1)?.toFixed(1)} s of silence`;
  verdict.expect('rescued neither early nor late', isInTime, `${silences.length} jobs, after ${shown}`);
}

/** All by the database's clock, whoever wrote them. */
async function judgeTimes({ postgres }: Site, verdict: Verdict): Promise<void> {
  const rows = await postgres.query<{ planned: number; took: number; sound: boolean }>(
    `select (r.test_data ->> 'milliseconds')::float8 as planned,
       extract(epoch from j.finished_at - j.started_at)::float8 * 1000 as took,
       j.created_at <= j.started_at and j.started_at <= j.finished_at and j.finished_at <= now()
         and j.created_at > now() - interval '30 minutes' as sound
     from analysis_jobs j join analysis_results r on r.job_id = j.id where j.status = 'COMPLETED'`,
  );
  const disordered = rows.filter(({ sound }) => !sound).length;
  verdict.expect('times out of order', disordered === 0, `${disordered} of ${rows.length} jobs`);
  const over = rows.map(({ planned, took }) => took - planned);
  const isRight = Math.min(...over) > -50 && at(over, 0.95) < 2_000;
  const shown = `${Math.min(...over).toFixed(0)} ms at least, p95 ${at(over, 0.95).toFixed(0)} ms`;
  verdict.expect('durations, beyond the work itself', isRight, shown);
}

/** A JWT says until when it is good, and whoever checks it asks his own clock. */
async function judgeTokens({ tokenOf, urls }: Site, verdict: Verdict): Promise<void> {
  const shown = async (seconds: number) => {
    const token = await tokenOf(randomUUID(), seconds);
    const answers = await Promise.all(urls.map((url) => ask(url, token, READ)));
    return answers.map((answer) => (answer.outcome === 'refused' ? answer.code : answer.outcome)).join(', ');
  };
  const [long, short, over] = [await shown(3 * 3_600), await shown(3_600), await shown(-60)];
  verdict.expect('a token for 3 h: API in time, API ahead', long === 'answered, answered', long);
  verdict.expect(
    'a token for 1 h',
    short === 'answered, UNAUTHENTICATED',
    `${short}: it is over where the clock says so`,
  );
  verdict.expect('a token that is over', over === 'UNAUTHENTICATED, UNAUTHENTICATED', over);
}

/** Likewise a link, which lasts an hour; one of the API ahead lasts three for the other. */
async function judgeLinks({ users, urls }: Site, verdict: Verdict): Promise<void> {
  const [user] = users;
  const statuses: string[] = [];
  for (const maker of urls) {
    for (const taker of urls) {
      const input = { name: 'a.csv', contentType: 'text/csv', size: 4 };
      const made = await ask<{ payload: { upload: { url: string } } }>(maker, user?.token ?? '', ANNOUNCE, { input });
      if (made.outcome !== 'answered') throw new Error(`No link was made: ${JSON.stringify(made)}`);
      const { pathname, search } = new URL(made.data.payload.upload.url);
      const put = { method: 'PUT', headers: { 'content-type': 'text/csv' }, body: 'a,b\n' };
      const { status } = await fetch(`${taker}${pathname}${search}`, put);
      statuses.push(
        `${maker === urls[0] ? 'in time' : 'ahead'} → ${taker === urls[0] ? 'in time' : 'ahead'} ${status}`,
      );
    }
  }
  const isRight = statuses.map((status) => status.slice(-3)).join() === '200,404,200,200';
  verdict.expect('upload links, made by → used at', isRight, statuses.join(', '));
}

/** What both count together is over after a minute for both. */
async function judgeMinutes({ urls, users }: Site, verdict: Verdict): Promise<void> {
  const user = users[0] as User;
  const cancel = (url: string) => ask(url, user.token, CANCEL, { input: { id: randomUUID() } });
  const [inTime = '', ahead = ''] = urls;
  const from = performance.now();
  for (let count = 0; count < PER_MINUTE / 10; count += 1) {
    await Promise.all(Array.from({ length: 10 }, () => cancel(ahead)));
  }
  const isLimited = async (url: string) => {
    const answer = await cancel(url);
    const { payload } = (answer.outcome === 'answered' ? answer.data : {}) as {
      payload?: { userErrors: { code: string }[] };
    };
    return payload?.userErrors[0]?.code === 'RATE_LIMITED';
  };
  const both = [await isLimited(ahead), await isLimited(inTime)];
  verdict.expect('a used-up minute', both.every(Boolean), `API ahead ${both[0]}, API in time ${both[1]}`);
  await within(PATIENCE_MS, async () => !(await isLimited(inTime)) && !(await isLimited(ahead)));
  const seconds = (performance.now() - from) / 1_000;
  verdict.expect('is over for both', seconds < 75, `${seconds.toFixed(0)} s after it began`);
}
