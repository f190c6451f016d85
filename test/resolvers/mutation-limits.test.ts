import { randomUUID } from 'node:crypto';
import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { buildSchema } from '../../src/build-schema.ts';
import type { Viewer } from '../../src/gate/viewer.ts';
import { respondent } from '../kinds/assessment/respondents.ts';
import { readAllRows } from '../lifecycle/rows.ts';
import { service, useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { makeAccount } from '../support/factory.ts';

const LIMIT = 3;

const database = useDatabase();
const api = useApi(database, { rates: { submitsPerMinute: LIMIT, otherMutationsPerMinute: LIMIT } });

const mutations = Object.values(buildSchema().getMutationType()!.getFields());

/** The least that a mutation can be asked with. */
function least(type: GraphQLInputType): unknown {
  if (!isNonNullType(type)) return undefined;
  const inner = type.ofType;
  if (isListType(inner)) return [];
  if (isEnumType(inner)) return inner.getValues()[0]!.name;
  if (isInputObjectType(inner)) {
    return Object.fromEntries(Object.values(inner.getFields()).map((field) => [field.name, least(field.type)]));
  }
  return inner.name === 'Int' ? 1 : randomUUID();
}

/** All of a type's own values, and those of the objects in it that must be there. */
function valuesOf(type: GraphQLType): string {
  const named = getNamedType(type);
  if (!isObjectType(named)) return '';
  const fields = Object.values(named.getFields()).filter(({ name }) => name !== 'userErrors');
  const texts = fields.map((field) => {
    const isLeaf = !('getFields' in getNamedType(field.type));
    if (isLeaf) return field.name;
    return isNonNullType(field.type) && isObjectType(field.type.ofType) ? `${field.name} ${valuesOf(field.type)}` : '';
  });
  return `{ ${texts.join(' ')} __typename }`;
}

const ERRORS = 'userErrors { __typename code message field ... on RateLimited { retryAfterSeconds } }';

function documentOf({ name, type, args }: GraphQLField<unknown, unknown>): [string, Record<string, unknown>] {
  const [argument] = args;
  const given = argument ? `(input: $input)` : '';
  const variable = argument ? `($input: ${argument.type})` : '';
  const text = `mutation ${variable} { ${name}${given} { ${ERRORS} ${valuesOf(type).slice(1)} }`;
  return [text, argument ? { input: least(argument.type) } : {}];
}

/** Uses up what a viewer may ask for in a minute. */
async function exhaust(viewer: Viewer): Promise<void> {
  const { rates, asker } = api().contextOf(viewer);
  for (const what of ['submits', 'otherMutations'] as const)
    await rates.count(what, asker, asker.kind === 'service' ? 10 * LIMIT : LIMIT);
}

const limited = {
  ...{ __typename: 'RateLimited', code: 'RATE_LIMITED', field: null, message: 'Too many requests in a minute' },
  retryAfterSeconds: expect.toSatisfy((seconds: number) => Number.isInteger(seconds) && seconds >= 1 && seconds <= 60),
};

const CANCEL = 'cancelJob(input: { id: "no-uuid" }) { userErrors { code } }';
const codes = (data: Record<string, { userErrors: { code: string }[] }> | null) =>
  Object.values(data ?? {}).flatMap(({ userErrors }) => userErrors.map(({ code }) => code));

const SUBMIT = `mutation ($rows: [SubmitAssessmentInput!]!) {
  submitAssessments(input: { rows: $rows }) { submitted rows { job { id } userErrors { code } } userErrors { code } }
}`;
interface Submitted {
  submitAssessments: { submitted: number; rows: unknown[]; userErrors: { code: string }[] };
}
const submit = async (viewer: Viewer, rows: unknown[]) =>
  (await api().read<Submitted>(viewer, SUBMIT, { rows })).submitAssessments;
const rowsOf = (count: number) => Array.from({ length: count }, () => respondent(50));

describe('over its limit', () => {
  it.each(mutations.map((field) => [field.name, field] as const))(
    '%s answers with its own payload, in which nothing was done',
    async (name, field) => {
      const viewer = field.name.startsWith('submit') ? user() : service('jobs:manage', 'jobs:repair', 'sync:run');
      await exhaust(viewer);
      const before = await readAllRows(database().pool);
      const { data, errors } = await api().ask<Record<string, object>>(viewer, ...documentOf(field));
      expect(errors).toEqual([]);
      expect(data?.[name]).toMatchObject({ userErrors: [limited] });
      for (const value of Object.values({ ...data?.[name], userErrors: null, __typename: null, message: null })) {
        expect([null, false, 0, '[]', '{}']).toContainEqual(typeof value === 'object' && value ? told(value) : value);
      }
      expect(await readAllRows(database().pool)).toEqual(before);
    },
  );

  /** A list that is empty, or an object of nothing but zeros. */
  function told(value: object): string {
    if (Array.isArray(value)) return JSON.stringify(value);
    return JSON.stringify(
      Object.fromEntries(Object.entries(value).filter(([name, held]) => held !== 0 && name !== '__typename')),
    );
  }

  it('the answer says in a header when to come back', async () => {
    const viewer = user();
    await exhaust(viewer);
    const context = api().contextOf(viewer);
    const { cancelJob } = api().schema.getMutationType()!.getFields();
    await cancelJob!.resolve!(null, { input: { id: 'no-uuid' } }, context, {} as never);
    expect(Number(context.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  });
});

describe('what is counted', () => {
  it('is each mutation of an operation, under whatever alias', async () => {
    const aliases = Array.from({ length: LIMIT + 2 }, (_, index) => `c${index}: ${CANCEL}`);
    const { data } = await api().ask<never>(user(), `mutation { ${aliases.join(' ')} }`);
    expect(codes(data)).toEqual([...Array(LIMIT).fill('NOT_FOUND'), 'RATE_LIMITED', 'RATE_LIMITED']);
  });

  it('is a batch by its rows, whose content is looked at later', async () => {
    const viewer = user(await makeAccount(database().pool, { balance: 10 }));
    expect(
      await submit(viewer, [...rowsOf(1), { ...respondent(50), ocean: { ...respondent(50).ocean, openness: 101 } }]),
    ).toMatchObject({
      submitted: 1,
    });
    expect(await submit(viewer, rowsOf(2))).toMatchObject({ rows: [], userErrors: [{ code: 'RATE_LIMITED' }] });
  });

  it('is the jobs that a bulk cancel names', async () => {
    const cancel = async (viewer: Viewer, count: number) => {
      const ids = Array.from({ length: count }, () => randomUUID());
      const text = 'mutation ($ids: [ID!]) { cancelJobs(input: { ids: $ids }) { userErrors { code } } }';
      return codes((await api().ask<never>(viewer, text, { ids })).data);
    };
    expect(await cancel(user(), LIMIT)).toEqual([]);
    expect(await cancel(user(), LIMIT + 1)).toEqual(['RATE_LIMITED']);
  });

  it('is no longer batch than there can be, so that one of nothing but a mistake does not lock its user out', async () => {
    const viewer = service('jobs:manage');
    const { rates } = api().contextOf(viewer);
    const ids = Array.from({ length: 1_000 }, () => randomUUID());
    const { cancelJobs } = api().schema.getMutationType()!.getFields();
    const counted: number[] = [];
    const count: typeof rates.count = async (_what, _asker, requests = 1) => {
      counted.push(requests);
      return 1;
    };
    await cancelJobs!.resolve!(
      null,
      { input: { ids } },
      { ...api().contextOf(viewer), rates: { ...rates, count } },
      {} as never,
    );
    expect(counted).toEqual([100]);
  });

  it('is not what has a wrong shape, nor a query', async () => {
    const viewer = user();
    for (let asked = 0; asked <= LIMIT; asked += 1) {
      await api().ask(viewer, 'mutation { cancelJob(input: {}) { job { id } } }');
      await api().ask(viewer, '{ jobs { totalCount } }');
    }
    const { data } = await api().ask<never>(viewer, `mutation { ${CANCEL} }`);
    expect(codes(data)).toEqual(['NOT_FOUND']);
  });

  it('is apart for submits and for all else, and for each user', async () => {
    const viewer = user(await makeAccount(database().pool, { balance: 10 }));
    expect(await submit(viewer, rowsOf(LIMIT))).toMatchObject({ submitted: LIMIT });
    const { data } = await api().ask<never>(viewer, `mutation { ${CANCEL} }`);
    expect(codes(data)).toEqual(['NOT_FOUND']);
    expect(await submit(user(), rowsOf(1))).toMatchObject({ submitted: 1 });
  });

  it('is a repeated submit as well, before its key is looked up', async () => {
    const viewer = user(await makeAccount(database().pool, { balance: 10 }));
    const row = { ...respondent(50), idempotencyKey: 'again' };
    for (let asked = 0; asked < LIMIT; asked += 1) await submit(viewer, [row]);
    expect(await submit(viewer, [row])).toMatchObject({ userErrors: [{ code: 'RATE_LIMITED' }] });
  });
});

it('who may not ask at all is told so, and not counted', async () => {
  const { data, errors } = await api().ask(null, `mutation { ${CANCEL} }`);
  expect([data, errors.map(({ code }) => code)]).toEqual([null, ['UNAUTHENTICATED']]);
});
