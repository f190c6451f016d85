import { randomUUID } from 'node:crypto';
import type { GraphQLObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSchema } from '../../src/build-schema.ts';
import { loadConfig } from '../../src/config.ts';
import { SCOPES, type ServiceScope } from '../../src/gate/scopes.ts';
import { createServiceToken } from '../../src/gate/service-tokens.ts';
import { signUserToken } from '../../src/gate/user-tokens.ts';
import { createLog } from '../../src/log.ts';
import { createOrm } from '../../src/orm.ts';
import { type RunningApi, startApi } from '../../src/server.ts';
import { readAllRows } from '../lifecycle/rows.ts';
import { useDatabase } from '../support/database.ts';
import { makeAccount } from '../support/factory.ts';
import { OPEN_TO, type Who } from '../support/open-to.ts';
import { PATIENT_LIMITS } from '../support/time-limits.ts';
import { makeOwned, NAME, nobodys, type Owned } from './matrix/owned.ts';
import { type Outcome, ROWS, type Row } from './matrix/rows.ts';
import { type Operation, outcomeOf, SEND, TRANSPORTS, type Transport } from './matrix/transports.ts';
import { PLAIN_TEXTS, type Place, walk, withValue } from './matrix/walk.ts';

const SECRET = 'a secret of more than thirty-two bytes';
/** `outsider` is a service with every scope but those that open the field. */
const ASKERS = ['nobody', 'expired', 'outsider', 'stranger', 'random', 'owner', 'service'] as const;
type Asker = (typeof ASKERS)[number];

const schema = buildSchema();
const { places, texts } = walk(schema);
const database = useDatabase();
let api: RunningApi;
let own: Owned;
let userTokens: Record<'expired' | 'stranger' | 'owner', string>;
const serviceTokens = new Map<string, string>();

beforeAll(async () => {
  const env = {
    ...{ DATABASE_URL: database().url, JWT_SECRET: SECRET, PORT: '0', ASSAY_PROBES: 'on' },
    ...{ ASSAY_STARTING_TOKENS: '1000', ASSAY_LIMIT_SOCKETS_PER_USER: '1000' },
    // All cells of a place ask at once, and may wait for one another.
    ...PATIENT_LIMITS,
  };
  api = await startApi({ config: loadConfig(env), log: createLog({ level: 'silent' }) });
  await makeTokens();
  const readerToken = serviceTokens.get('jobs:read') ?? '';
  own = await makeOwned(database(), api.url, { id: owner, token: userTokens.owner, readerToken });
});
afterAll(() => api.stop());

const owner = randomUUID();
const stranger = randomUUID();

async function makeTokens(): Promise<void> {
  // The stranger's account is older than anything of the owner's.
  for (const userId of [stranger, owner]) await makeAccount(database().pool, { userId, balance: 1_000 });
  const sign = (sub: string, ttlSeconds = 600) => signUserToken({ secret: SECRET, sub, ttlSeconds });
  userTokens = { expired: await sign(owner, -60), stranger: await sign(stranger), owner: await sign(owner) };
  const orm = await createOrm({ url: database().url, name: 'assay-test-tokens' });
  const scopes = Object.keys(SCOPES) as ServiceScope[];
  const open = Object.values(OPEN_TO).map((who) => scopes.filter((scope) => who.includes(scope)));
  const sets = [...scopes.map((scope) => [scope]), ...open.map((some) => scopes.filter((one) => !some.includes(one)))];
  for (const set of sets) {
    if (serviceTokens.has(String(set))) continue;
    const token = await createServiceToken(orm.em.fork(), { name: `s${serviceTokens.size}`, scopes: set });
    serviceTokens.set(String(set), token);
  }
  await orm.close();
}

interface Cell {
  key: string;
  path: string[] | null;
  row: Row;
  asker: Asker;
  transport: Transport;
}

const rootOf = ({ key, row }: Pick<Cell, 'key' | 'row'>): string => (row.through ?? key).replace(/\(.*/, '');

function tokenOf({ asker, ...cell }: Cell): string | undefined {
  if (asker === 'nobody') return undefined;
  if (asker === 'random') return userTokens.stranger;
  if (asker in userTokens) return userTokens[asker as keyof typeof userTokens];
  const scopes = Object.keys(SCOPES) as ServiceScope[];
  const open = scopes.filter((scope) => OPEN_TO[rootOf(cell)]?.includes(scope));
  const others = scopes.filter((scope) => !open.includes(scope));
  const held = asker === 'service' && open.length > 0 ? open.slice(0, 1) : others;
  return serviceTokens.get(String(held));
}

/** The operation of a cell, generated from the schema but for what the row gives. */
function operationOf({ key, path, row, asker }: Cell): Operation {
  // A key that the stranger has used as well is his own from then on: each place has one.
  const named = row.names === 'key' ? key : row.names && own[row.names];
  const value = row.names && asker === 'random' ? nobodys(row.names) : named;
  if (row.text) return { query: row.text(own), variables: { value } };
  const [operation = '', name = ''] = rootOf({ key, row }).split(' ');
  const args = ROOTS[operation]?.getFields()[name]?.args ?? [];
  const given = { ...(args.some((arg) => arg.name === 'input') && { input: {} }), ...givenBy(row) };
  const seq = name === 'jobEvents' && row.names === 'event' ? Number(value) : value;
  const variables = (path ? withValue(args, given, path, seq) : given) as Record<string, unknown>;
  const used = args.filter((arg) => arg.name in variables);
  const declared = used.map((arg) => `$${arg.name}: ${arg.type}`).join(', ');
  const passed = used.map((arg) => `${arg.name}: $${arg.name}`).join(', ');
  const text = `${name}${passed && `(${passed})`} { ${row.select} }`;
  return { query: `${operation} ${declared && `(${declared})`} { ${text} }`, variables };
}

const ROOTS: Record<string, GraphQLObjectType | null | undefined> = {
  query: schema.getQueryType(),
  mutation: schema.getMutationType(),
  subscription: schema.getSubscriptionType(),
};

const givenBy = ({ given = {} }: Row): object => (typeof given === 'function' ? given(own) : given);

/** What was answered in each cell, as it came. */
const heard = new Map<string, string>();
const nameOf = ({ key, asker, transport }: Pick<Cell, 'key' | 'asker' | 'transport'>) => `${key} ${asker} ${transport}`;

async function ask(cell: Cell): Promise<unknown> {
  const body = await SEND[cell.transport](api.url, operationOf(cell), tokenOf(cell));
  heard.set(
    nameOf(cell),
    JSON.stringify(body, (name, value) => (name === 'errorId' ? undefined : value)),
  );
  return typeof body === 'number' ? body : outcomeOf(body);
}

/** What holds for all of the table, and what the table says of those who are let in. */
function expected(cell: Cell): Outcome | number | undefined {
  const { row, asker, transport } = cell;
  const open = OPEN_TO[rootOf(cell)] ?? [];
  const isServed = (transport === 'http') !== rootOf(cell).startsWith('subscription');
  if (asker === 'nobody' || asker === 'expired') {
    if (transport === 'socket') return 4403;
    const isOpen = asker === 'nobody' && open.includes('nobody') && isServed;
    return isOpen ? row.stranger : 'UNAUTHENTICATED';
  }
  if (!isServed) return 'BAD_REQUEST';
  return open.some((who) => isCalled(who, asker)) ? outcomeFor(asker, row) : 'FORBIDDEN';
}

/** Whether a word for who is let in means this asker. */
function isCalled(who: Who, asker: Asker): boolean {
  if (asker === 'outsider') return who === 'any service';
  if (asker === 'service') return who !== 'user' && who !== 'nobody';
  return who === 'user';
}

const outcomeFor = (asker: Exclude<Asker, 'nobody' | 'expired'>, row: Row): Outcome | undefined =>
  ({ ...row, random: row.random ?? row.stranger, outsider: row.service })[asker];

/** Rows of the owner's, or about what is his. */
async function ownersRows(): Promise<string[]> {
  const rows = Object.values(await readAllRows(database().pool)).flat();
  return rows.map((row) => JSON.stringify(row)).filter((row) => row.includes(owner) || row.includes(String(own.job)));
}

describe('the table of the matrix', () => {
  it(`has a row for each of the ${places.length} places of the schema, and for nothing else`, () => {
    expect(Object.keys(ROWS).toSorted()).toEqual(places.map(({ key }) => key).toSorted());
    expect(places.length).toBeGreaterThan(50);
  });

  it('knows of each text that names nothing', () => {
    expect(PLAIN_TEXTS.filter((coordinate) => !texts.has(coordinate))).toEqual([]);
  });

  it('says something else of an owner, or of a service, than of who is refused', () => {
    const alike = Object.values(ROWS).filter((row) => {
      const control = row.owner ?? row.service;
      const refusals = [row.names && row.stranger, 'UNAUTHENTICATED', 'FORBIDDEN', undefined];
      return refusals.includes(control) && row.alike === undefined;
    });
    expect(alike).toEqual([]);
  });
});

const cells = ({ key, path }: Place, askers: readonly Asker[]): Cell[] =>
  TRANSPORTS.flatMap((transport) =>
    askers.map((asker) => ({ key, path, row: ROWS[key] ?? { select: '' }, asker, transport })),
  );

/** Asks the cells of a place, all at once, and holds what comes of it against the table. */
async function table(place: Place, askers: readonly Asker[]): Promise<void> {
  const asked = cells(place, askers).map(async (cell) => [nameOf(cell), await ask(cell), expected(cell)] as const);
  const answers = await Promise.all(asked);
  expect(Object.fromEntries(answers.map(([name, found]) => [name, found]))).toEqual(
    Object.fromEntries(answers.map(([name, , wanted]) => [name, wanted])),
  );
}

describe.each(places.filter(({ key }) => key in ROWS))('$key', (place) => {
  const { key } = place;
  const row = ROWS[key] as Row;
  const open = OPEN_TO[rootOf({ key, row })] ?? [];

  it('tells nothing and changes nothing for those whose it is not, as if what they name were not there', async () => {
    const before = await ownersRows();
    await table(place, ['nobody', 'expired', 'outsider', 'stranger', 'random']);
    expect(await ownersRows()).toEqual(before);
    for (const transport of TRANSPORTS) {
      const to = (asker: Asker) => heard.get(nameOf({ key, asker, transport }));
      if (row.random === undefined) expect(to('random')).toBe(to('stranger'));
      const told = [to('expired'), to('outsider'), to('stranger')].join('\n');
      const secrets = [NAME, own.job, own.result, own.activeJob].filter(() => !open.includes('nobody'));
      for (const secret of secrets) expect(told).not.toContain(secret);
    }
  });

  it('is open to its owner and to the service with the scope', async () => {
    await table(place, ['owner', 'service']);
  });
});

const all = places.length * ASKERS.length * TRANSPORTS.length;
it(`has asked all ${all} cells of ${places.length} places, ${ASKERS.length} askers and ${TRANSPORTS.length} transports`, () => {
  expect(heard.size).toBe(all);
});
