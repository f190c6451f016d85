import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, ask } from '../chaos/api-client.ts';
import type { User } from './site.ts';

export const SENT = ['submit', 'read', 'list', 'cancel'] as const;

/** One request, as its sender saw it. */
export interface Sent {
  what: (typeof SENT)[number];
  /** By performance.now(). */
  at: number;
  ms: number;
  /** `ok`, or the code that came instead. */
  outcome: string;
}

export interface Load {
  readonly sent: readonly Sent[];
  /** The jobs that were taken. */
  readonly jobIds: readonly string[];
  /** Connections that were refused, so that the next address was tried. */
  readonly refused: number;
  /** Resolves when each request has its answer. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  /** Each request goes to the next one; where the connection is refused, also to the others. */
  urls: readonly string[];
  users: readonly User[];
  /** How many send at once. */
  lanes: number;
  /** Between two requests of a lane. */
  pauseMs: number;
  /** What is submitted. */
  work?: () => object;
}

const FIRST_CANCEL = 4;
const FIRST_LIST = 3;

const SUBMIT = `mutation ($input: SubmitProbeInput!) {
  payload: submitProbe(input: $input) { job { id } userErrors { code } }
}`;
const CANCEL = `mutation ($input: CancelJobInput!) { payload: cancelJob(input: $input) { userErrors { code } } }`;
const READ = 'query ($id: ID!) { job(id: $id) { id status progress { percent } } }';
const LIST = '{ jobs(first: 10) { nodes { id status } } }';

interface Payload {
  payload: { job?: { id: string } | null; userErrors: { code: string }[] };
}

/** A sleep of up to 0.4 s. */
const aSleep = () => ({ behaviour: 'SLEEP', milliseconds: Math.floor(Math.random() * 400) });

/** Submits, reads, lists and cancels until it is stopped. */
export function startLoad({ urls, users, lanes, pauseMs, work = aSleep }: LoadOptions): Load {
  const sent: Sent[] = [];
  const jobIds: string[] = [];
  const over = new AbortController();
  let turn = 0;
  let refused = 0;

  async function send<Data>(what: Sent['what'], { token }: User, query: string, variables: object = {}) {
    const at = performance.now();
    turn += 1;
    const { answer, tries } = await askAny<Data>(urls, turn, { token, query, variables });
    refused += tries - 1;
    sent.push({ what, at, ms: performance.now() - at, outcome: outcomeOf(answer) });
    return answer.outcome === 'answered' ? answer.data : undefined;
  }

  async function round(user: User, count: number): Promise<void> {
    const input = { ...work(), idempotencyKey: randomUUID() };
    const id = (await send<Payload>('submit', user, SUBMIT, { input }))?.payload.job?.id;
    if (id === undefined) return;
    jobIds.push(id);
    await send('read', user, READ, { id });
    if (count % FIRST_CANCEL === 0) await send('cancel', user, CANCEL, { input: { id } });
    if (count % FIRST_LIST === 0) await send('list', user, LIST);
  }

  async function lane(index: number): Promise<void> {
    for (let count = 1; !over.signal.aborted; count += 1) {
      const user = users[(index + count * lanes) % users.length];
      if (user) await round(user, count);
      await delay(pauseMs, undefined, { signal: over.signal }).catch(() => undefined);
    }
  }

  const running = Promise.all(Array.from({ length: lanes }, (_, index) => lane(index)));
  return {
    ...{ sent, jobIds },
    get refused() {
      return refused;
    },
    async stop() {
      over.abort();
      await running;
    },
  };
}

/** As a balancer does it: a refused connection has carried nothing, so another server may be asked. */
async function askAny<Data>(
  urls: readonly string[],
  first: number,
  { token, query, variables }: { token: string; query: string; variables: object },
): Promise<{ answer: Answer<Data>; tries: number }> {
  for (let tries = 1; ; tries += 1) {
    const answer = await ask<Data>(urls[(first + tries) % urls.length] ?? '', token, query, variables);
    const isRefused = answer.outcome === 'refused' && answer.code === 'ECONNREFUSED';
    if (!isRefused || tries === urls.length) return { answer, tries };
  }
}

function outcomeOf(answer: Answer<unknown>): string {
  if (answer.outcome !== 'answered') return answer.outcome === 'refused' ? answer.code : answer.reason;
  const { payload } = answer.data as Partial<Payload>;
  // A job may end before its cancel comes.
  const faults = (payload?.userErrors ?? []).filter(({ code }) => code !== 'JOB_FINISHED');
  return faults.length === 0 ? 'ok' : faults.map(({ code }) => code).join(' ');
}

/** How often each thing came out, but for what went well. */
export function describeFailures(sent: readonly Sent[]): string {
  const failed = sent.filter(({ outcome }) => outcome !== 'ok');
  const counts = Map.groupBy(failed, ({ what, outcome }) => `${what} ${outcome}`);
  return [...counts].map(([name, { length }]) => `${length} ${name}`).join(', ') || '0';
}
