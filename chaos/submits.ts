import { setTimeout as delay } from 'node:timers/promises';
import { ask } from './api-client.ts';
import type { Entry } from './client-log.ts';
import type { KnownJob, LoadParts, User } from './load-parts.ts';
import { unanswered } from './unanswered.ts';
import { upload } from './uploads.ts';
import { drawWork } from './work.ts';

const SEND_AGAIN = 3;

interface SubmitData {
  submit: { job: { id: string } | null; replayed: boolean; userErrors: { code: string }[] };
}

/**
 * Makes what submits one piece of work for one of the users. A submit without an answer is mostly sent again with its key,
 * and some are sent twice at once.
 */
export function createSubmit(parts: LoadParts, onSubmitted: (job: KnownJob) => void): () => Promise<void> {
  const { random, users, url, log, findings, leaseMs } = parts;
  const grant = createGrant(parts);
  let keys = 0;

  async function send(owner: User, mutation: string, input: Record<string, unknown>): Promise<Entry> {
    const key = String(input.idempotencyKey);
    const answered = log.send({ operation: 'submit', userId: owner.id, key });
    const type = `S${mutation.slice(1)}Input!`;
    const query = `mutation ($input: ${type}) { submit: ${mutation}(input: $input) { job { id } replayed userErrors { code } } }`;
    const answer = await ask<SubmitData>(url(), owner.token, query, { input });
    if (answer.outcome === 'answered') {
      const { job, userErrors } = answer.data.submit;
      if (job) return answered({ outcome: 'ok', jobId: job.id });
      const reason = userErrors.map(({ code }) => code).join(' ');
      if (reason === 'INSUFFICIENT_TOKENS') await grant(owner);
      return answered({ outcome: 'failed', reason });
    }
    return answered(unanswered(answer, findings));
  }

  return async () => {
    const owner = random.pick(users);
    const { mutation, input, table } = drawWork(random, leaseMs);
    keys += 1;
    const keyed: Record<string, unknown> = { ...input, idempotencyKey: `key-${keys}` };
    const isDoubled = random.chance(0.05);
    const sendsAgain = random.chance(0.7);
    if (table !== undefined) {
      keyed.uploadId = await upload(parts, owner, table);
      if (keyed.uploadId === undefined) return;
    }
    const tries = [send(owner, mutation, keyed)];
    if (isDoubled) tries.push(send(owner, mutation, keyed));
    let entries = await Promise.all(tries);
    for (let times = 0; sendsAgain && times < SEND_AGAIN && !entries.some(isSettled); times += 1) {
      await delay(300 + 400 * times);
      entries = [await send(owner, mutation, keyed)];
    }
    const id = entries.find(({ outcome }) => outcome === 'ok')?.jobId;
    if (id !== undefined) onSubmitted({ id, owner });
  };
}

/** Settled for the client: it would not send it again. */
const isSettled = ({ outcome, reason }: Entry): boolean =>
  outcome === 'ok' || (outcome === 'failed' && reason !== 'ECONNREFUSED');

const GRANT = `mutation ($input: GrantTokensInput!) { grantTokens(input: $input) { userErrors { code } } }`;
const GRANTED = 25;

/** Whoever runs out of tokens gets some more; one grant at a time for each user. */
function createGrant({ log, url, serviceToken, findings }: LoadParts): (user: User) => Promise<void> {
  const granting = new Set<string>();
  let grants = 0;
  return async ({ id }) => {
    if (granting.has(id)) return;
    granting.add(id);
    grants += 1;
    const answered = log.send({ operation: 'grant', userId: id });
    const input = { userId: id, amount: GRANTED, reason: 'Chaos', idempotencyKey: `grant-${grants}` };
    const answer = await ask(url(), serviceToken, GRANT, { input });
    answered(answer.outcome === 'answered' ? { outcome: 'ok' } : unanswered(answer, findings));
    granting.delete(id);
  };
}
