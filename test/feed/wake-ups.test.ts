import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import type { WakeUps } from '../../src/feed/wake-ups.ts';
import { createLifecycle } from '../../src/lifecycle/lifecycle.ts';
import { TAKES_NO_TASK } from '../lifecycle/lifecycles.ts';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { complete, openFeed } from './feeds.ts';
import { readToEnd, said } from './readers.ts';

const database = useDatabase({ bent: TAKES_NO_TASK });

/** Carries wake-ups within this process. */
function createCarrier(): WakeUps {
  const wire = new EventEmitter();
  return {
    publish: (wakeUps) => void wire.emit('wake', wakeUps),
    stop: async () => undefined,
    subscribe({ onWakeUp, onConnect }) {
      const hear = (wakeUps: { jobId: string }[]) => onWakeUp(wakeUps.map(({ jobId }) => jobId));
      wire.on('wake', hear);
      onConnect();
      return { isListening: () => true, stop: async () => void wire.off('wake', hear) };
    },
  };
}

it('may be carried by something else than the database', async () => {
  const carrier = createCarrier();
  await using running = await openFeed({ url: database().url, carrier });
  const mover = createLifecycle({ orm: running.orm, startingTokens: 3, wake: carrier.publish });
  const { jobId } = await makeJob(database().pool, { status: 'QUEUED' });
  const frames = (await running.feed.followJob(jobId, { owner: null, after: 1 }))!;
  await complete(mover, jobId);
  expect(said(await readToEnd(frames))).toEqual(['STARTED 2', 'COMPLETED 3']);
});
