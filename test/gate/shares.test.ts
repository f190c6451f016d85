import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { createLinks } from '../../src/files/links.ts';
import { createShares } from '../../src/gate/shares.ts';
import type { Lifecycle } from '../../src/lifecycle/lifecycle.ts';

const view = { assessmentName: 'Mine', testResult: {}, assessment: null, createdAt: new Date() };
const asked: string[] = [];
const findShared = async (shareId: string) => {
  asked.push(shareId);
  return view;
};
const links = createLinks({ secret: 'one secret', baseUrl: () => 'https://assay.test' });
const shares = createShares(links, { findShared } as Partial<Lifecycle> as Lifecycle);

it('a link of ours is looked up by its id', async () => {
  const shareId = randomUUID();
  const token = shares.urlOf(shareId).split('/').at(-1) ?? '';
  expect(await shares.find(token)).toBe(view);
  expect(asked.splice(0)).toEqual([shareId]);
});

it('a guess reaches no database', async () => {
  for (const token of ['', 'x', randomUUID(), 'A'.repeat(64), 'A'.repeat(1_000_000)]) {
    expect(await shares.find(token)).toBeNull();
  }
  expect(asked).toEqual([]);
});
