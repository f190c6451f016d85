import type { ExecutionResult } from 'graphql';
import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/context.ts';
import type { JobFrame } from '../../src/feed/frame.ts';
import type { Viewer } from '../../src/gate/viewer.ts';
import { FeedsResolver } from '../../src/resolvers/feeds.ts';
import { nextAttempt } from '../lifecycle/lifecycles.ts';
import { service, useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';

const database = useDatabase({
  bent: {
    'runnable-task-has-waiting-job': 'jobs are started here without a worker, which would have taken their tasks',
  },
});
const api = useApi(database);

const textOf = (field: string) => `subscription ($after: Cursor) {
  ${field}(after: $after) {
    __typename
    ... on JobEvent { seq cursor type eventType jobId userId status tokenBalance job { status seq } progress { percent } }
    ... on FeedPosition { position reason }
  }
}`;

type Message = Record<string, unknown> & { __typename: string };

async function follow(viewer: Viewer, field: 'myEvents' | 'allEvents', after?: unknown) {
  const followed = await api().follow(viewer, textOf(field), { after });
  if ('errors' in followed) throw new Error(`It was refused: ${JSON.stringify(followed.errors)}`);
  return followed;
}

async function next(messages: AsyncGenerator<ExecutionResult>): Promise<Message> {
  const { value } = await messages.next();
  expect(value.errors).toBeUndefined();
  return Object.values(value.data as Record<string, Message>)[0]!;
}

const refusal = async (viewer: Viewer | null, field: string, after?: unknown) => {
  const followed = await api().follow(viewer, textOf(field), { after });
  return 'errors' in followed ? followed.errors : 'a stream';
};

describe.each(['myEvents', 'allEvents'] as const)('%s', (field) => {
  const viewerOf = (userId: string) => (field === 'myEvents' ? user(userId) : service('jobs:read'));

  it('says where it begins, and then what happens, each event with a cursor to come back with', async () => {
    const made = await makeJob(database().pool, { status: 'QUEUED' });
    const viewer = viewerOf(made.userId);
    const messages = await follow(viewer, field, null);
    const position = await next(messages);
    expect(position).toEqual({ __typename: 'FeedPosition', position: expect.any(String), reason: 'START' });
    const attempt = nextAttempt(made);
    await api().lifecycle.start(attempt);
    const started = await next(messages);
    expect(started).toMatchObject({
      ...{ __typename: 'JobEvent', seq: 2, type: 'STARTED', eventType: 'analysis.started', jobId: made.jobId },
      ...{ userId: made.userId, cursor: expect.any(String), job: { status: 'PROCESSING', seq: 2 } },
    });
    await api().lifecycle.report(attempt, { percent: 25 }, 60_000);
    expect(await next(messages)).toMatchObject({ type: 'PROGRESSED', seq: 2, cursor: null, progress: { percent: 25 } });
    await api().lifecycle.complete(attempt, { archetype: 'The test' });
    expect(await next(messages)).toMatchObject({ type: 'COMPLETED', seq: 3 });
    await messages.return(undefined);

    const fromStart = await follow(viewer, field, position.position);
    expect([await next(fromStart), await next(fromStart)]).toMatchObject([{ seq: 2 }, { seq: 3 }]);
    const fromEvent = await follow(viewer, field, started.cursor);
    expect(await next(fromEvent)).toMatchObject({ seq: 3, job: { status: 'COMPLETED' } });
    for (const stream of [fromStart, fromEvent]) await stream.return(undefined);
  });

  it('refuses what is no cursor of it, by the argument', async () => {
    const { userId } = await makeJob(database().pool, { status: 'QUEUED' });
    const refused = [{ code: 'BAD_USER_INPUT', details: [{ path: ['after'], rule: 'is not a cursor of this feed' }] }];
    for (const after of ['x', 'MTIz', ' ', '\u0000', 'A'.repeat(2_048)]) {
      expect(await refusal(viewerOf(userId), field, after)).toMatchObject(refused);
    }
    for (const after of ['', 'A'.repeat(2_049), 7])
      expect(await refusal(viewerOf(userId), field, after)).toHaveLength(1);

    const other = await makeJob(database().pool, { status: 'QUEUED' });
    const foreign: [Viewer, 'myEvents' | 'allEvents'][] = [
      [user(other.userId), 'myEvents'],
      field === 'myEvents' ? [service('jobs:read'), 'allEvents'] : [user(userId), 'myEvents'],
    ];
    for (const [viewer, foreignField] of foreign) {
      const messages = await follow(viewer, foreignField);
      const { position } = await next(messages);
      await messages.return(undefined);
      expect(await refusal(viewerOf(userId), field, position)).toMatchObject(refused);
    }
  });
});

it('a service’s cursor is good for every service that may read', async () => {
  const messages = await follow(service('jobs:read'), 'allEvents');
  const { position } = await next(messages);
  await messages.return(undefined);
  const other = await follow({ ...service('jobs:read'), name: 'another' }, 'allEvents', position);
  await other.return(undefined);
});

it('a user never sees another’s events, whatever happens around him', async () => {
  const [one, two] = [
    await makeJob(database().pool, { status: 'QUEUED' }),
    await makeJob(database().pool, { status: 'QUEUED' }),
  ];
  const messages = await follow(user(one.userId), 'myEvents');
  const all = await follow(service('jobs:read'), 'allEvents');
  for (const stream of [messages, all]) await next(stream);
  await api().lifecycle.start(nextAttempt(two));
  expect(await next(all)).toMatchObject({ jobId: two.jobId });
  await api().lifecycle.start(nextAttempt(one));
  expect(await next(all)).toMatchObject({ jobId: one.jobId });
  expect(await next(messages)).toMatchObject({ jobId: one.jobId });
  for (const stream of [messages, all]) await stream.return(undefined);
});

it('stops an event of another user at the last door, should it ever come so far', async () => {
  const [owner, other] = [user(), user()];
  const frame = { userId: owner.id } as JobFrame;
  const show = (viewer: Viewer) => () => new FeedsResolver().myEvents(frame, null, { viewer } as Context);
  expect(show(owner)()).toBe(frame);
  expect(show(other)).toThrow(expect.objectContaining({ code: 'INTERNAL_SERVER_ERROR' }));
});

it('is refused to whoever it is not for', async () => {
  expect(await refusal(null, 'myEvents')).toMatchObject([{ code: 'UNAUTHENTICATED' }]);
  expect(await refusal(null, 'allEvents')).toMatchObject([{ code: 'UNAUTHENTICATED' }]);
  expect(await refusal(service('jobs:read', 'jobs:manage'), 'myEvents')).toMatchObject([{ code: 'FORBIDDEN' }]);
  expect(await refusal(user(), 'allEvents')).toMatchObject([{ code: 'FORBIDDEN' }]);
  expect(await refusal(service('jobs:manage'), 'allEvents')).toMatchObject([{ code: 'FORBIDDEN' }]);
});
