import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { FeedEvent } from '../../src/client/index.ts';
import { complete, useMover } from '../feed/feeds.ts';
import { TAKES_NO_TASK, work } from '../lifecycle/lifecycles.ts';
import { useDatabase } from '../support/database.ts';
import { startScriptedServer } from './scripted-server.ts';
import { clientOf, startRestartableApi, userToken } from './servers.ts';

const database = useDatabase({ bent: TAKES_NO_TASK });
const mover = useMover(database);

const event = (jobId: string, seq: number, cursor: string | null, type = 'STARTED') => ({
  myEvents: { __typename: 'JobEvent', jobId, seq, type, cursor },
});
const position = (text: string, reason = 'START') => ({
  myEvents: { __typename: 'FeedPosition', position: text, reason },
});
const told = (message: FeedEvent | undefined) =>
  message?.__typename === 'FeedPosition' ? message.reason : `${message?.jobId} ${message?.seq}`;

async function take(events: AsyncIterator<FeedEvent>, count: number): Promise<FeedEvent[]> {
  const taken: FeedEvent[] = [];
  while (taken.length < count) taken.push((await events.next()).value);
  return taken;
}

describe('all jobs of a user', () => {
  it('are gone on with behind the last cursor or position, also after a completion, without repeats', async () => {
    const server = await startScriptedServer({
      onSubscribe: ({ number, next, cut, complete }) => {
        if (number === 1) {
          next(position('p1'));
          return cut();
        }
        next(event('a', 1, 'c1'));
        next(event('b', 1, `c2-${number}`));
        if (number === 2) return complete();
        next(event('b', 1, null, 'PROGRESSED'));
        next(event('a', 2, 'c3'));
        next(event('a', 1, null, 'PROGRESSED'));
        next(position('p2', 'RESTORED'));
        next(event('a', 1, 'c4'));
      },
    });
    const events = clientOf(server.url, 'x').watchMine();
    const seen = (await take(events, 7)).map(told);
    expect(seen).toEqual(['START', 'a 1', 'b 1', 'b 1', 'a 2', 'RESTORED', 'a 1']);
    expect(server.asked.map(({ after }) => after)).toEqual([undefined, 'p1', 'c2-2']);
  });

  it('begin at a cursor that was kept', async () => {
    const server = await startScriptedServer({ onSubscribe: ({ next }) => next(event('a', 1, 'c1')) });
    await clientOf(server.url, 'x').watchMine({ after: 'kept' }).next();
    expect(server.asked).toEqual([{ after: 'kept' }]);
  });

  it('are all told, once and in the order of each, while the API stops and comes back', {
    timeout: 60_000,
  }, async () => {
    const api = await startRestartableApi(database().url);
    const userId = randomUUID();
    const events = clientOf(api.url, await userToken(userId)).watchMine();
    expect(told((await take(events, 1))[0])).toBe('START');
    const JOBS = 12;
    const submit = async () => {
      const { outcomes } = await mover().submit(userId, [work({ price: 0 })]);
      return outcomes[0]?.outcome === 'SUBMITTED' ? outcomes[0].job.id : '';
    };
    const moving = (async () => {
      const ids: string[] = [];
      for (let index = 0; index < JOBS; index += 1) {
        const id = await submit();
        ids.push(id);
        if (index % 4 === 1) await api.stop();
        await complete(mover(), id);
        if (index % 4 === 3) await api.start();
      }
      return ids;
    })();
    const seen = (await take(events, JOBS * 3)).map(told);
    const ids = await moving;
    for (const id of ids)
      expect(seen.filter((text) => text.startsWith(id))).toEqual([1, 2, 3].map((n) => `${id} ${n}`));
    await expect(
      clientOf(api.url, await userToken())
        .watchMine({ after: 'x' })
        .next(),
    ).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    });
  });
});
