import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { chanceOf } from './chance.ts';
import { type Answer, type Attack, attackOf, createSender, type Sender } from './requests.ts';
import { faultIn, SEED, TIMES, useTarget } from './target.ts';

const REQUESTS = 2_000 * TIMES;
const AT_ONCE = 50;
const LIMIT_MS = 60_000 + REQUESTS * 20;

const database = useDatabase();
const target = useTarget(database);
let sender: Sender;
beforeAll(() => {
  sender = createSender(target().url);
});
afterAll(() => sender.close());

/** Types of answers that are no JSON, each where it is served. */
const isOther = ({ path, method }: Attack, { type, status, text }: Answer): boolean =>
  (type.startsWith('text/event-stream') && path === '/graphql/stream') ||
  (type.startsWith('text/html') && status === 200 && method === 'GET') ||
  (text === '' && (method === 'HEAD' || method === 'OPTIONS' || status === 304));

/** An expectation or a coding that Node does not know it answers by itself: with a status and nothing else. */
const isNodesOwn = ({ raw }: Attack, status: number | null): boolean =>
  [417, ...(raw ? [null, 501] : [])].includes(status);

function faultOf(attack: Attack, answer: Answer): string | undefined {
  const { status, type, text } = answer;
  if (text === '' && isNodesOwn(attack, status)) return undefined;
  if (status === null || status >= 500) return `its status is ${status}`;
  if (isOther(attack, answer)) return faultIn(text);
  if (!/json/.test(type)) return `its type is ${type}`;
  try {
    JSON.parse(text);
  } catch {
    return 'it is no JSON';
  }
  return faultIn(text);
}

describe(`${REQUESTS} requests that were made to do harm (seed ${SEED})`, () => {
  it('are all answered, tell nothing, change nothing of another user, and leave the API alive', {
    timeout: LIMIT_MS,
  }, async () => {
    const { ids, documents, tokens, victimsRows, isAlive } = target();
    const before = await victimsRows();
    const askers = [
      ...Array<string>(12).fill(tokens.user),
      tokens.service,
      tokens.service,
      tokens.expired,
      undefined,
      'x.y.z',
    ];
    const statuses = new Map<unknown, number>();
    const tryOne = async (attack: Attack) => {
      const answer = await sender.send(attack);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      const fault = faultOf(attack, answer);
      if (fault) throw new Error(`${fault}: ${JSON.stringify(answer)} to ${describeAttack(attack)}`);
    };
    const property = fc.asyncProperty(fc.gen(), async (gen) => {
      const chance = chanceOf(gen);
      const attacks = Array.from({ length: AT_ONCE }, () => attackOf(chance, { documents, ids, tokens: askers }));
      await Promise.all(attacks.map(tryOne));
    });
    await fc.assert(property, { seed: SEED, numRuns: REQUESTS / AT_ONCE, endOnFailure: true });
    console.log(`attacks: ${REQUESTS} requests, seed ${SEED}`, Object.fromEntries(statuses));
    // Most of them must get past the door, or they try nothing.
    expect(statuses.get(200)).toBeGreaterThan(REQUESTS / 10);
    expect(await victimsRows()).toEqual(before);
    expect(await isAlive()).toBe(true);
  });
});

const describeAttack = ({ raw, method, path, headers, body }: Attack): string =>
  raw ? JSON.stringify(String(raw)) : JSON.stringify({ method, path, headers, body: String(body).slice(0, 3_000) });
