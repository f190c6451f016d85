import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.join(import.meta.dirname, '../..');
const ID = /\b(?:ORDER|PROGRESS|START|REPLAY|RESYNC|END|REFUSE|FEED|HANDSHAKE|SHARED|CLOSE|LIMIT|STREAM)-\d+\b/g;

const rules = [...readFileSync(path.join(root, 'docs/protocol.md'), 'utf8').matchAll(/^\| ([A-Z]+-\d+) \|/gm)].map(
  ([, id = '']) => id,
);

/** The ids in the titles of tests, and where. */
function tested(): Map<string, string> {
  const files = readdirSync(path.join(root, 'test'), { recursive: true, encoding: 'utf8' });
  const found = new Map<string, string>();
  for (const file of files.filter((name) => name.endsWith('.test.ts') && !name.startsWith('docs'))) {
    const titles = readFileSync(path.join(root, 'test', file), 'utf8').matchAll(
      /\b(?:it|test|describe)(?:\.each\([^'"`]*?\))?\(\s*(['"`])(.*?)\1/gs,
    );
    for (const [, , title = ''] of titles) for (const [id] of title.matchAll(ID)) found.set(id, file);
  }
  return found;
}

test('every rule of the protocol is named once on its page', () => {
  expect(rules.length).toBeGreaterThan(40);
  expect(new Set(rules).size).toBe(rules.length);
  for (const id of rules) expect(id).toMatch(new RegExp(`^${ID.source}$`));
});

test('every rule is in the title of a test, and no title names a rule that there is not', () => {
  expect([...tested().keys()].toSorted()).toEqual(rules.toSorted());
});
