import fc from 'fast-check';
import { buildSchema as buildPlainSchema, execute, type GraphQLScalarType, isObjectType, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { buildSchema } from '../../src/build-schema.ts';
import { FrameType, JobKind, JobStatus, PositionReason } from '../../src/entities/job-status.ts';
import { planHeldText } from '../../src/gate/held-text.ts';
import type { Viewer } from '../../src/gate/viewer.ts';

const schema = buildSchema();
const ada: Viewer = { kind: 'user', id: '0198c0de-0000-7000-8000-00000000000a', tier: 'standard' };
const desk: Viewer = { kind: 'service', name: 'desk', tokenId: 'a token', scopes: ['jobs:read'] };

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('"', '\\', '\u2028', '\ud800', '</script>', '\0'));
const whole = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const seconds = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(-0));
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 3 });
const orNothing = <T>(value: fc.Arbitrary<T>) => fc.oneof(orNull(value), fc.constant(undefined));
const moment = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31') });

const frame = fc.record({
  seq: whole,
  cursor: orNull(fc.string({ minLength: 1 })),
  type: fc.constantFrom(...Object.values(FrameType)),
  eventType: text,
  jobId: fc.uuid(),
  userId: fc.constant(ada.id),
  resultId: orNull(fc.uuid()),
  kind: fc.constantFrom(...Object.values(JobKind)),
  status: fc.constantFrom(...Object.values(JobStatus)),
  round: whole,
  attempt: whole,
  progress: fc.record({
    percent: whole,
    stage: orNothing(text),
    message: orNothing(text),
    offset: orNothing(whole),
    current: orNothing(whole),
    expected: orNothing(whole),
    reportedAt: orNothing(moment.map((date) => date.toISOString())),
  }),
  tokenBalance: orNull(whole),
  rescuedAfterSeconds: orNull(seconds),
  metadata: fc.record({ assessmentName: text, errorMessage: orNull(text), processingTime: orNull(seconds) }),
  at: moment,
});
const position = fc.record({
  position: fc.string({ minLength: 1 }),
  reason: fc.constantFrom(...Object.values(PositionReason)),
});

/** What cannot be shown, or only by one who calls, waits or reports. */
const oddity = fc.constantFrom<unknown>(
  ...[null, undefined, Number.NaN, 2 ** 40, '', 'no such value', {}, [], Symbol('odd'), 7n, true, new Date(Number.NaN)],
  ...[() => 'called', Promise.resolve('awaited'), new Error('thrown'), { toJSON: () => 'another' }],
);

/** The fields of a type that its objects hold, each with the type of what is in it. */
const FIELDS: Record<string, Record<string, string>> = {
  JobEvent: {
    ...Object.fromEntries(
      ['seq', 'cursor', 'type', 'eventType', 'jobId', 'userId', 'resultId'].map((name) => [name, '']),
    ),
    ...Object.fromEntries(['kind', 'status', 'round', 'attempt', 'tokenBalance', 'at'].map((name) => [name, ''])),
    ...{ rescuedAfterSeconds: '', progress: 'JobProgress', metadata: 'JobEventMetadata' },
  },
  JobProgress: { percent: '', stage: '', message: '', offset: '', current: '', expected: '', reportedAt: '' },
  JobEventMetadata: { assessmentName: '', errorMessage: '', processingTime: '' },
  FeedPosition: { position: '', reason: '' },
};

const condition = fc.constantFrom(
  '',
  '',
  '',
  '@include(if: $yes)',
  '@skip(if: $no)',
  '@include(if: true)',
  '@skip(if: true)',
);
const alias = fc.constantFrom('', '', '', 'a: ', 'b: ', '__proto__: ', 'constructor: ');

/** A selection of fields, some of them in fragments, some twice and some under other names. */
function selection(type: string, depth = 2): fc.Arbitrary<string> {
  const field = fc
    .tuple(alias, fc.constantFrom(...Object.entries(FIELDS[type]!)), condition)
    .chain(([name, [field, inner], when]) =>
      inner === ''
        ? fc.constant(`${name}${field} ${when}`)
        : selection(inner, depth - 1).map((below) => `${field} ${when} ${below}`),
    );
  const typename = fc.tuple(alias, condition).map(([name, when]) => `${name}__typename ${when}`);
  const inline = () =>
    fc
      .tuple(fc.constantFrom('...', `... on ${type}`), condition, selection(type, depth - 1))
      .map(([head, when, below]) => `${head} ${when} ${below}`);
  const named = condition.map((when) => `...Of${type} ${when}`);
  const parts = [field, field, field, typename, ...(depth > 0 ? [fc.constant(null).chain(inline), named] : [])];
  return fc.array(fc.oneof(...parts), { minLength: 1, maxLength: 6 }).map((all) => `{ ${all.join(' ')} }`);
}

const fragments = fc
  .tuple(
    ...Object.keys(FIELDS).map((type) => selection(type, 0).map((body) => `fragment Of${type} on ${type} ${body}`)),
  )
  .map((all) => all.join('\n'));

const jobEvents = selection('JobEvent').map((body) => `jobEvents(jobId: "a job") ${body}`);
const manyEvents = fc
  .tuple(
    fc.constantFrom('myEvents', 'all: allEvents'),
    fc.constantFrom('__typename', ''),
    selection('JobEvent'),
    selection('FeedPosition'),
  )
  .map(
    ([field, name, event, position]) => `${field} { ${name} ... on JobEvent ${event} ... on FeedPosition ${position} }`,
  );

const operation = (field: fc.Arbitrary<string>) =>
  fc.record({
    query: fc
      .tuple(field, fragments)
      .map(([body, rest]) => `subscription ($yes: Boolean!, $no: Boolean!) { ${body} } ${rest}`),
    variableValues: fc.record({ yes: fc.boolean(), no: fc.boolean() }),
  });

interface Asked {
  query: string;
  variableValues: Record<string, unknown>;
}

const argsOf = ({ query, variableValues }: Asked) => ({ schema, document: parse(query), variableValues });
const viewerOf = ({ query }: Asked): Viewer => (query.includes('allEvents') ? desk : ada);

async function executed(asked: Asked, rootValue: unknown): Promise<string> {
  return JSON.stringify(await execute({ ...argsOf(asked), rootValue, contextValue: { viewer: viewerOf(asked) } }));
}

/** Null where it is left to graphql-js. */
function written(asked: Asked, event: unknown): string | null {
  const plan = planHeldText(argsOf(asked));
  try {
    return plan?.write(plan.show(event, viewerOf(asked))) ?? null;
  } catch {
    return null;
  }
}

describe('what a subscription selects of what its events hold', () => {
  it.each([
    ['of one job', operation(jobEvents), frame],
    ['of many jobs', operation(manyEvents), fc.oneof(frame, position)],
  ])('is written, %s, byte for byte as graphql-js answers it', async (_whose, operation, event) => {
    await fc.assert(
      fc.asyncProperty(operation, event, async (asked, event) => {
        expect(written(asked, event)).toBe(await executed(asked, event));
      }),
      { numRuns: 150 },
    );
  });

  it('is left to graphql-js, or the same, where something in it is not as it should be', async () => {
    const place = fc.constantFrom(
      ...Object.entries(FIELDS).flatMap(([type, fields]) => Object.keys(fields).map((field) => ({ type, field }))),
    );
    const isLeft = { yes: 0, no: 0 };
    await fc.assert(
      fc.asyncProperty(
        operation(fc.oneof(jobEvents, manyEvents)),
        frame,
        place,
        oddity,
        async (asked, frame, { type, field }, odd) => {
          const bent = structuredClone(frame) as unknown as Record<string, Record<string, unknown>>;
          const holder = { JobProgress: bent.progress, JobEventMetadata: bent.metadata }[type] ?? bent;
          Object.assign(holder, { [field]: odd });
          const text = written(asked, bent);
          isLeft[text === null ? 'yes' : 'no'] += 1;
          if (text !== null) expect(text).toBe(await executed(asked, bent));
        },
      ),
      { numRuns: 300 },
    );
    expect(Math.min(isLeft.yes, isLeft.no)).toBeGreaterThan(10);
  });
});

describe('left to graphql-js from the beginning', () => {
  const isPlanned = (query: string, variableValues = {}) => planHeldText(argsOf({ query, variableValues })) !== null;

  it('is what reads, wherever it stands, unless it is skipped', () => {
    const query = (field: string) =>
      `subscription ($no: Boolean!) { jobEvents(jobId: "a job") { seq ...F } } fragment F on JobEvent { ${field} }`;
    expect(isPlanned(query('seq'), { no: true })).toBe(true);
    expect(isPlanned(query('job { id }'), { no: true })).toBe(false);
    expect(isPlanned(query('... { job { id } }'), { no: false })).toBe(false);
    expect(isPlanned(query('job @skip(if: $no) { id }'), { no: false })).toBe(false);
    expect(isPlanned(query('job @skip(if: $no) { id }'), { no: true })).toBe(true);
    expect(
      isPlanned('subscription { myEvents { ... on FeedPosition { reason } ... on JobEvent { job { id } } } }'),
    ).toBe(false);
  });

  /** The plan of a subscription to a schema of our own, in which every field is marked. */
  function plan(query: string) {
    const schema = buildPlainSchema(`
      type Query { nothing: Int }
      type Subscription { one: Event other: Event silent: Event }
      type Event implements Any { seq: Int list: [Int] any: Any checked: Checked anything: Anything inner: Inner }
      interface Any { seq: Int }
      type Checked { seq: Int }
      type Inner { seq: Int }
      scalar Anything
    `);
    for (const type of Object.values(schema.getTypeMap())) {
      if (!isObjectType(type)) continue;
      for (const field of Object.values(type.getFields())) field.extensions = { isHeld: true };
      if (type.name === 'Checked') type.isTypeOf = () => true;
    }
    const { one, other } = schema.getSubscriptionType()!.getFields();
    for (const field of [one!, other!]) field.extensions = { showEvent: (event: unknown) => event };
    const anything = schema.getType('Anything') as GraphQLScalarType;
    anything.serialize = (value) => (value === 'nothing' ? null : value);
    return planHeldText({ schema, document: parse(`subscription ${query}`) });
  }

  it('is what has more shapes than one value or one object, and whatever else stands beside it', () => {
    expect(plan('{ one { seq } }')).not.toBeNull();
    for (const field of ['list', 'any { seq }', 'checked { seq }']) expect(plan(`{ one { ${field} } }`)).toBeNull();
    for (const root of ['silent { seq }', 'one { seq } other { seq }']) expect(plan(`{ ${root} }`)).toBeNull();
  });

  it('is what has to be called, waited for or thrown, though its type would take it', () => {
    const { write } = plan('{ one { anything inner { seq } } }')!;
    expect(write({ anything: { of: [true] }, inner: {} })).toBe(
      '{"data":{"one":{"anything":{"of":[true]},"inner":{"seq":null}}}}',
    );
    expect(() => write({ anything: 'nothing', inner: null })).toThrow();
    for (const odd of [() => 'called', Promise.resolve('awaited'), new Error('thrown')]) {
      expect(() => write({ anything: odd, inner: null })).toThrow();
      expect(() => write({ anything: null, inner: odd })).toThrow();
    }
  });

  it('is the event of another user', () => {
    const own = planHeldText(
      argsOf({ query: 'subscription { myEvents { ... on JobEvent { seq } } }', variableValues: {} }),
    )!;
    const [event] = fc.sample(frame, 1);
    expect(own.show(event, ada)).toBe(event);
    expect(() => own.show({ ...event, userId: 'somebody' }, ada)).toThrow();
    expect(() => own.show(event, { ...ada, id: 'somebody' })).toThrow();
  });
});
