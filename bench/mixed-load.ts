import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ask } from '../chaos/api-client.ts';

/** What was asked while something else went on. */
export interface MixedLoad {
  /** Milliseconds of each request that was answered, and when that was (`performance.now()`). */
  answered: { at: number; ms: number }[];
  /** Whatever went wrong, by its name. */
  failed: Map<string, number>;
  /** To which servers; they may change while it runs. */
  urls: string[];
  stop(): Promise<void>;
}

const LANES = 8;
const PAUSE_MS = 20;

/** Submits, reads, lists and cancels jobs, in eight lanes at once, for many users in turn: none of them meets a limit. */
export function startMixedLoad(urls: string[], tokens: readonly string[]): MixedLoad {
  const load: Omit<MixedLoad, 'stop'> = { answered: [], failed: new Map(), urls };
  const stopping = new AbortController();
  const fail = (name: string) => void load.failed.set(name, (load.failed.get(name) ?? 0) + 1);

  async function send(token: string, query: string, variables: object): Promise<string | undefined> {
    const began = performance.now();
    const url = load.urls[Math.floor(Math.random() * load.urls.length)] ?? '';
    const answer = await ask<{ payload: Payload | null }>(url, token, query, variables);
    if (answer.outcome !== 'answered') fail(answer.outcome === 'refused' ? answer.code : answer.reason);
    else if (answer.data.payload?.userErrors?.length) fail(answer.data.payload.userErrors[0]?.code ?? '');
    else {
      load.answered.push({ at: began, ms: performance.now() - began });
      return answer.data.payload?.job?.id;
    }
    return undefined;
  }
  let turn = 0;
  async function lane(): Promise<void> {
    while (!stopping.signal.aborted) {
      const token = tokens[turn++ % tokens.length] ?? '';
      const submit = (input: object) => send(token, SUBMIT, { input: { ...input, idempotencyKey: randomUUID() } });
      const id = await submit({ behaviour: 'ECHO' });
      await send(token, READ, { id: id ?? randomUUID() });
      await send(token, LIST, {});
      const slow = await submit({ behaviour: 'SLEEP', milliseconds: 60_000 });
      if (slow !== undefined) await send(token, CANCEL, { input: { id: slow } });
      await delay(PAUSE_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }
  const lanes = Array.from({ length: LANES }, lane);
  return Object.assign(load, {
    async stop() {
      stopping.abort();
      await Promise.all(lanes);
    },
  });
}

interface Payload {
  job?: { id: string } | null;
  userErrors?: { code: string }[];
}
const SUBMIT = `mutation ($input: SubmitProbeInput!) {
  payload: submitProbe(input: $input) { job { id } userErrors { code } }
}`;
const READ = 'query ($id: ID!) { payload: job(id: $id) { id status result { status } } }';
const LIST = '{ payload: jobs(first: 20) { nodes { id status } } }';
const CANCEL = `mutation ($input: CancelJobInput!) {
  payload: cancelJob(input: $input) { job { id } userErrors { code } }
}`;
