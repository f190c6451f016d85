import { expect, test } from 'vitest';
import type { LinkState } from '../../src/client/index.ts';
import { jobEvent, startScriptedServer } from './scripted-server.ts';
import { clientOf } from './servers.ts';

test('a client tells when its socket is lost and when it is back, and rests when nothing is followed', async () => {
  const server = await startScriptedServer({
    onSubscribe: ({ number, next, cut }) => (number === 1 ? cut() : next(jobEvent(1))),
  });
  const client = clientOf(server.url, 'x');
  const states: LinkState[] = [];
  const stop = client.onLinkState((state) => states.push(state));
  expect(client.linkState()).toBe('idle');
  const events = client.watchJob('a', { after: 0 });
  await events.next();
  expect(states).toEqual(['connecting', 'connected', 'reconnecting', 'connected']);
  await events.return?.();
  expect(client.linkState()).toBe('idle');
  stop();
  const again = client.watchJob('a', { after: 0 });
  await again.next();
  expect(states).toHaveLength(5);
  await again.return?.();
});
