import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ERRORS } from '../../src/gate/errors.ts';
import { UserErrorCode } from '../../src/schema/enums.ts';

const page = readFileSync(path.join(import.meta.dirname, '../../docs/graphql.md'), 'utf8');
const [, section = ''] = /^## Errors\n(.*?)^## /ms.exec(page) ?? [];
const rows = [...section.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, code = '', rest = '']) => [
  code,
  ...rest.split(' | '),
]);

test('the page has each code of an error, with its status and whether it may be sent again', () => {
  const told = rows.filter((cells) => cells.length === 4).map((cells) => cells.slice(0, 3));
  const known = Object.entries(ERRORS).map(([code, { status, retryable }]) => [
    code,
    `${status}`,
    retryable ? 'yes' : 'no',
  ]);
  expect(told).toEqual(known);
});

test('the page has each code of a user error', () => {
  const told = rows.filter((cells) => cells.length === 2).map(([code]) => code);
  expect(told.toSorted()).toEqual(Object.values(UserErrorCode).toSorted());
});
