import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { chanceOf } from './chance.ts';
import { say, type Talk, talkOf } from './frames.ts';
import { faultIn, SEED, TIMES, useTarget } from './target.ts';

const SOCKETS = 70 * TIMES;
const AT_ONCE = 10;
const LIMIT_MS = 60_000 + SOCKETS * 1_000;

const database = useDatabase();
const target = useTarget(database);

const TYPES = ['connection_ack', 'ping', 'pong', 'next', 'error', 'complete'];
/** Of the protocols of WebSockets and of GraphQL over them: what a client can bring about. */
const CLOSES = [1002, 1003, 1007, 1009, 1013, 4400, 4401, 4403, 4408, 4409, 4429];

function faultOf(text: string): string | undefined {
  try {
    const { type } = JSON.parse(text) as { type?: unknown };
    if (!TYPES.includes(String(type))) return `its type is ${type}`;
  } catch {
    return 'it is no JSON';
  }
  return faultIn(text);
}

describe(`what ${SOCKETS} sockets say that were made to do harm (seed ${SEED})`, () => {
  it('is answered or ends its socket, tells nothing, changes nothing, and leaves the API alive', {
    timeout: LIMIT_MS,
  }, async () => {
    const { url, ids, documents, tokens, victimsRows, isAlive } = target();
    const before = await victimsRows();
    const printed = vi.spyOn(console, 'error').mockReturnValue();
    onTestFinished(() => printed.mockRestore());
    const askers = [...Array<string>(12).fill(tokens.user), tokens.service, tokens.service, tokens.expired, undefined];
    const counts = new Map<unknown, number>();
    const count = (what: unknown, by = 1) => counts.set(what, (counts.get(what) ?? 0) + by);
    const tryOne = async (talk: Talk) => {
      const { texts, close } = await say(url, talk);
      count('frames', talk.frames.length + 1);
      count('answers', texts.length);
      count(close ?? 'open');
      const faults = texts.map((text) => faultOf(text) && `${faultOf(text)}: ${text}`);
      if (close !== null && !CLOSES.includes(close)) faults.push(`it was closed with ${close}`);
      const found = faults.find(Boolean);
      if (found)
        throw new Error(`${found} to ${JSON.stringify(talk.frames.map(({ data }) => String(data).slice(0, 2_000)))}`);
    };
    const property = fc.asyncProperty(fc.gen(), async (gen) => {
      const chance = chanceOf(gen);
      const talks = Array.from({ length: AT_ONCE }, () => talkOf(chance, { documents, ids, tokens: askers }));
      await Promise.all(talks.map(tryOne));
    });
    await fc.assert(property, { seed: SEED, numRuns: SOCKETS / AT_ONCE, endOnFailure: true });
    console.log(`attacks: ${SOCKETS} sockets, seed ${SEED}`, Object.fromEntries(counts));
    expect(counts.get('frames')).toBeGreaterThanOrEqual(SOCKETS * 8);
    expect(counts.get('answers')).toBeGreaterThan(SOCKETS);
    expect(await victimsRows()).toEqual(before);
    // Whatever they break, it is the log that has it.
    expect(printed.mock.calls).toEqual([]);
    expect(await isAlive()).toBe(true);
  });
});
