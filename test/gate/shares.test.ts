import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { createLinks } from '../../src/files/links.ts';
import { createShares } from '../../src/gate/shares.ts';

const view = { assessmentName: 'Mine', testResult: {}, assessment: null, createdAt: new Date() };
const asked: string[] = [];
const findShared = async (shareId: string) => {
  asked.push(shareId);
  return view;
};
const links = createLinks({ secret: 'one secret', baseUrl: () => 'https://assay.test' });
const counted: unknown[] = [];
let waitMs: number | null = null;
const count = async (...what: unknown[]) => {
  counted.push(what);
  return waitMs;
};
const shares = createShares(links, { findShared }, { count });
const asker = { kind: 'address', address: '192.0.2.1' } as const;
const newToken = () => shares.urlOf(randomUUID()).split('/').at(-1) ?? '';

it('a link of ours is looked up by its id', async () => {
  const shareId = randomUUID();
  const token = shares.urlOf(shareId).split('/').at(-1) ?? '';
  expect(await shares.find(token, asker)).toBe(view);
  expect(asked.splice(0)).toEqual([shareId]);
  expect(counted.splice(0)).toEqual([['sharedReads', asker]]);
});

it('a guess is not counted and reaches no database', async () => {
  for (const token of ['', 'x', randomUUID(), 'A'.repeat(64), 'A'.repeat(1_000_000)]) {
    expect(await shares.find(token, asker)).toBeNull();
  }
  expect(asked).toEqual([]);
  expect(counted).toEqual([]);
});

it('who has looked too often is told when to look again, and reaches nothing', async () => {
  waitMs = 7_000;
  const refused = await shares.find(newToken(), asker).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 7_000 });
  expect(counted.splice(0)).toEqual([['sharedReads', asker]]);
  expect(asked).toEqual([]);
});
