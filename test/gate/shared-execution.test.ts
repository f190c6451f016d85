import { buildSchema, type GraphQLObjectType, parse } from 'graphql';
import { describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import type { Context } from '../../src/context.ts';
import { subscribeAnew } from '../../src/gate/fresh-subscription.ts';
import { selectionOf } from '../../src/gate/shared-execution.ts';
import { WrittenResult } from '../../src/gate/shared-text.ts';
import type { Viewer } from '../../src/gate/viewer.ts';

const schema = buildSchema(`
  type Query { nothing: Int }
  type Subscription { events(after: Int): Event! held: Event! }
  type Event { seq: Int! late: String text(upper: Boolean): String! job: String! }
`);
// What the event holds; `text` and `job` read something.
for (const name of ['seq', 'late']) {
  (schema.getType('Event') as GraphQLObjectType).getFields()[name]!.extensions = { isHeld: true };
}
const show = ({ held }: { held: object }) => held;
schema.getSubscriptionType()!.getFields().held!.extensions = { showEvent: show };
const ada: Viewer = { kind: 'user', id: '0198c0de-0000-7000-8000-00000000000a', tier: 'standard' };
const bob: Viewer = { kind: 'user', id: '0198c0de-0000-7000-8000-00000000000b', tier: 'standard' };

interface Options {
  viewer?: Viewer;
  variableValues?: Record<string, unknown>;
}

/** A subscription to the same events as all others of a test. */
function follow(events: readonly object[], query: string, { viewer = ada, variableValues }: Options = {}) {
  const rootValue = {
    async *events() {
      yield* events;
    },
    async *held() {
      yield* events;
    },
  };
  const contextOf = (one: Viewer) => ({ viewer: one }) as Context;
  const args = { schema, document: parse(query), rootValue, variableValues, contextValue: contextOf(viewer) };
  return subscribeAnew(args, { contextOf, config: loadConfig({ DATABASE_URL: 'postgres://nobody@nowhere/nothing' }) });
}

/** An event whose fields count how often they are read; `job` has to be waited for. */
function countedEvent(seq = 1) {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const reads = { text: 0, job: 0 };
  const event = {
    events: {
      seq,
      text: ({ upper }: { upper?: boolean }) => {
        reads.text += 1;
        return upper ? 'TEXT' : 'text';
      },
      job: async () => {
        reads.job += 1;
        await held;
        return `read ${reads.job}`;
      },
    },
  };
  return { event, reads, release };
}

describe('the same selection on the same event', () => {
  it('is executed once for all who follow it', async () => {
    const { event, reads, release } = countedEvent();
    const query = 'subscription ($after: Int) { events(after: $after) { seq text job } }';
    const streams = await Promise.all([0, 3, 7].map((after) => follow([event], query, { variableValues: { after } })));
    const answers = streams.map((stream) => stream.next());
    await vi.waitFor(() => expect(reads.job).toBe(1), { timeout: 10_000 });
    release();
    const expected = { done: false, value: { data: { events: { seq: 1, text: 'text', job: 'read 1' } } } };
    expect(await Promise.all(answers)).toEqual([expected, expected, expected]);
    expect(reads).toEqual({ text: 1, job: 1 });
  });

  it('is executed anew for who comes later, where it tells of the present', async () => {
    const { event, reads, release } = countedEvent();
    release();
    for (const count of [1, 2]) {
      const stream = await follow([event], 'subscription { events { job } }');
      expect((await stream.next()).value).toEqual({ data: { events: { job: `read ${count}` } } });
    }
    expect(reads.job).toBe(2);
  });

  it('is executed for each viewer, and for each value that a field is asked with', async () => {
    const { event, reads } = countedEvent();
    const query = 'subscription ($upper: Boolean) { events { text(upper: $upper) } }';
    const given: Options[] = [
      { viewer: ada, variableValues: { upper: true } },
      { viewer: ada, variableValues: { upper: false } },
      { viewer: bob, variableValues: { upper: true } },
      { viewer: ada, variableValues: { upper: true } },
    ];
    const texts = [];
    for (const options of given) texts.push((await (await follow([event], query, options)).next()).value);
    expect(texts).toEqual(['TEXT', 'text', 'TEXT', 'TEXT'].map((text) => ({ data: { events: { text } } })));
    expect(reads.text).toBe(3);
  });

  it('fails for all who wait for it, and is tried again for who comes later', async () => {
    let reads = 0;
    const event = {
      events: {
        seq: 1,
        text: 'text',
        job: async () => {
          reads += 1;
          throw new Error('away');
        },
      },
    };
    const query = 'subscription { events { job } }';
    const [one, two] = await Promise.all([follow([event], query), follow([event], query)]);
    const answers = await Promise.all([one.next(), two.next()]);
    expect(answers.map(({ value }) => value.errors?.[0]?.message)).toEqual(['away', 'away']);
    expect(reads).toBe(1);
    await (await follow([event], query)).next();
    expect(reads).toBe(2);
  });
});

describe('what tells selections apart', () => {
  const key = (query: string, variableValues: Record<string, unknown>) =>
    selectionOf({ schema, document: parse(query), variableValues }).key;

  it('is the value of a variable, unless it only says which events there are', () => {
    const outer = 'subscription ($a: Int) { events(after: $a) { seq } }';
    expect(key(outer, { a: 1 })).toBe(key(outer, { a: 2 }));
    const both = 'subscription ($a: Int) { events(after: $a) { seq @skip(if: $a) } }';
    expect(key(both, { a: 1 })).not.toBe(key(both, { a: 2 }));
    const hidden = 'subscription ($a: Boolean) { ...F } fragment F on Subscription { events { text(upper: $a) } }';
    expect(key(hidden, { a: true })).not.toBe(key(hidden, { a: false }));
  });

  it('is the text, and what it is said of', () => {
    const query = 'subscription { events { seq } }';
    expect(key(query, {})).toBe(key(query, {}));
    expect(key(query, {})).not.toBe(key('subscription { events { seq job } }', {}));
  });

  it('is the viewer with all that he may', async () => {
    const { event, reads } = countedEvent();
    const service: Viewer = { kind: 'service', name: 'desk', tokenId: 'a token', scopes: ['jobs:read'] };
    const viewers: Viewer[] = [ada, bob, service, { ...service, scopes: ['jobs:read', 'jobs:manage'] }, ada];
    for (const viewer of viewers) await (await follow([event], 'subscription { events { text } }', { viewer })).next();
    expect(reads.text).toBe(4);
  });
});

describe('what an event holds', () => {
  const query = 'subscription { held { seq late } }';
  const document = parse(query);
  const answerTo = (event: unknown, viewer: Viewer) => selectionOf({ schema, document }).answerHeld(event, viewer);

  it('is answered without execution, in one text for all who are handed it together', async () => {
    const event = { held: { seq: 1, late: 'never' } };
    const answer = answerTo(event, ada);
    expect(answer).toBeInstanceOf(WrittenResult);
    expect(answer?.data).toEqual({ held: { seq: 1, late: 'never' } });
    expect(answerTo(event, bob)).toBe(answer);
    expect(answerTo({ held: { seq: 2, late: null } }, ada)?.data).toEqual({ held: { seq: 2, late: null } });
    expect(answerTo(event, ada)?.data).toEqual({ held: { seq: 1, late: 'never' } });
    const [value] = [(await (await follow([event], query)).next()).value];
    expect(value).toBeInstanceOf(WrittenResult);
  });

  it('is left to graphql-js where it has to be waited for, or fails', async () => {
    const late = async () => 'waited for';
    expect(answerTo({ held: { seq: 1, late } }, ada)).toBeNull();
    expect(answerTo({ held: { seq: 'no number', late: null } }, ada)).toBeNull();
    expect((await (await follow([{ held: { seq: 1, late } }], query)).next()).value).toEqual({
      data: { held: { seq: 1, late: 'waited for' } },
    });
  });

  it('is planned once for all who select the same', () => {
    const two = parse('subscription ($seq: Boolean!) { held { seq @include(if: $seq) late } }');
    const of = (seq: boolean, other?: unknown) =>
      selectionOf({ schema, document: two, variableValues: { seq, other } });
    expect(of(true, 1)).toBe(of(true, 2));
    expect(of(true)).not.toBe(of(false));
    expect(of(false).answerHeld({ held: { seq: 1, late: null } }, ada)?.data).toEqual({ held: { late: null } });
  });
});
