import { expect, test } from 'vitest';
import { ownerOf, packageOf, placeOf } from '../../../bench/flames/owners.ts';

const ROOT = 'file:///home/somebody/assay/';

test.each([
  ['dist/lifecycle/submit.js', 'src/lifecycle/submit.ts', 'assay'],
  ['node_modules/graphql/execution/execute.js', 'graphql/execution/execute.js', 'graphql'],
  ['node_modules/@mikro-orm/core/EntityManager.js', '@mikro-orm/core/EntityManager.js', 'orm'],
  ['node_modules/pg-pool/index.js', 'pg-pool/index.js', 'pg'],
  ['node_modules/piscina/dist/worker.js', 'piscina/dist/worker.js', 'queue'],
  ['node_modules/graphql-ws/dist/server.js', 'graphql-ws/dist/server.js', 'gate'],
  ['node_modules/pino/lib/proto.js', 'pino/lib/proto.js', 'others'],
  ['node_modules/a/node_modules/kysely/dist/kysely.js', 'kysely/dist/kysely.js', 'orm'],
])('a function of %s is of %s, which is code of "%s"', (file, place, owner) => {
  expect(placeOf(`${ROOT}${file}`, ROOT)).toBe(place);
  expect(ownerOf(place)).toBe(owner);
});

test('Node itself owns its modules, and the engine what is written nowhere', () => {
  expect(ownerOf(placeOf('node:internal/streams/writable', ROOT))).toBe('node');
  expect(ownerOf(placeOf('', ROOT))).toBe('native');
});

test('a place is never an absolute path, wherever its file lies', () => {
  for (const url of [`${ROOT}dist/cli.js`, '/home/somebody/assay/dist/cli.js', 'file:///opt/x.js', '/opt/y/x.js']) {
    expect(placeOf(url, ROOT)).not.toMatch(/^(file:|\/)|somebody|opt/);
  }
});

test('a package is named with its scope, and without its files', () => {
  expect(packageOf('@mikro-orm/core/EntityManager.js')).toBe('@mikro-orm/core');
  expect(packageOf('graphql/execution/execute.js')).toBe('graphql');
});
