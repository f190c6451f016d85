import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = path.join(import.meta.dirname, '../../scripts/schema-breaks.ts');
const SDL = `
"""A piece of work."""
type Job { id: ID!, round: Int!, status: Status! }
enum Status { QUEUED DONE }
type Position { at: Int! }
union Event = Job | Position
input DeleteInput { id: ID!, force: Boolean = false }
type Query { jobs(first: Int = 20): [Job!]!, latest: Event }
type Mutation { delete(input: DeleteInput!): Boolean! }
`;

let folder: string;
const inFolder = (file: string) => path.join(folder, file);
const readIn = (file: string) => readFileSync(inFolder(file), 'utf8');
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'assay-schema-'));
  for (const name of ['docs', 'src/schema']) mkdirSync(inFolder(name), { recursive: true });
  for (const file of ['docs/schema-released.graphql', 'src/schema/schema.graphql']) writeFileSync(inFolder(file), SDL);
  writeFileSync(inFolder('docs/schema-breaks.json'), '{}');
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(...args: string[]): { code: number | null; said: string } {
  const { status, stderr } = spawnSync(process.execPath, [script, ...args], { cwd: folder, encoding: 'utf8' });
  return { code: status, said: stderr };
}

/** Checks the SDL with a change in it, against the released one. */
function check(from: string, to: string, declared: object = {}): { code: number | null; said: string } {
  const changed = SDL.replace(from, to);
  expect(changed).not.toBe(SDL);
  writeFileSync(inFolder('src/schema/schema.graphql'), changed);
  writeFileSync(inFolder('docs/schema-breaks.json'), JSON.stringify(declared));
  return run();
}

const ROUND = ' round: Int!,';
const WHY = 'Rounds are told by the events alone.';

describe('schema:breaks', () => {
  it('passes what was released', () => {
    expect(run()).toEqual({ code: 0, said: '' });
  });

  it.each([
    ['a field is removed', ROUND, '', 'Job.round was removed.'],
    ['a field may be null', 'round: Int!', 'round: Int', 'Job.round changed type from Int! to Int.'],
    ['a type is removed from a union', '= Job | Position', '= Job', 'Position was removed from union type Event.'],
    ['a value is removed', 'QUEUED DONE', 'DONE', 'QUEUED was removed from enum type Status.'],
    ['an argument must be there', 'Int = 20', 'Int!', 'Query.jobs arg first has changed type from Int to Int!.'],
    [
      'an input must have more',
      'id: ID!, force',
      'id: ID!, why: String!, force',
      'why on input type DeleteInput was added',
    ],
    ['an argument has another default', '= 20', '= 21', 'jobs arg first has changed defaultValue from 20 to 21.'],
    ['an input has another default', '= false', '= true', 'DeleteInput.force has another default value.'],
  ])('fails where %s', (_what, from, to, said) => {
    const answer = check(from, to);
    expect(answer.code).toBe(1);
    expect(answer.said).toMatch(/^ {2}not declared: /m);
    expect(answer.said).toContain(said);
  });

  it.each([
    ['a field is added', ROUND, ' round: Int!, laps: Int!,'],
    ['a value is added', 'QUEUED', 'QUEUED PAUSED'],
    ['an argument may be there', 'first: Int = 20', 'first: Int = 20, after: String'],
    ['an input may have more', '= false', '= false, why: String'],
    ['something is deprecated', 'round: Int!', 'round: Int! @deprecated(reason: "Count the events.")'],
    ['words change', 'A piece of work.', 'Something to do.'],
  ])('passes where %s', (_what, from, to) => {
    expect(check(from, to)).toEqual({ code: 0, said: '' });
  });

  it('passes a break that is declared with a sentence', () => {
    expect(check(ROUND, '', { 'Job.round was removed.': WHY })).toEqual({ code: 0, said: '' });
  });

  it('fails where a declaration has no sentence', () => {
    for (const why of ['', ' ', null]) {
      const { code, said } = check(ROUND, '', { 'Job.round was removed.': why });
      expect([code, said]).toEqual([1, expect.stringContaining('declared without a sentence: Job.round was removed.')]);
    }
  });

  it('fails where what is declared is not so', () => {
    const { code, said } = check('A piece', 'One piece', { 'Job.round was removed.': WHY });
    expect([code, said]).toEqual([1, expect.stringContaining('declared, but not so: Job.round was removed.')]);
  });

  it('fails where one declaration is to excuse another break', () => {
    const { code, said } = check(ROUND, '', { 'Job.status was removed.': WHY });
    expect(code).toBe(1);
    expect(said).toContain('not declared: Job.round was removed.');
    expect(said).toContain('declared, but not so: Job.status was removed.');
  });
});

describe('schema:release', () => {
  it('makes the SDL the released one, without its descriptions and with nothing declared', () => {
    expect(check(ROUND, '').code).toBe(1);
    expect(run('--release').code).toBe(0);
    expect([readIn('docs/schema-breaks.json'), run().code]).toEqual(['{}\n', 0]);
    expect(readIn('docs/schema-released.graphql')).not.toContain('"""');
    writeFileSync(inFolder('src/schema/schema.graphql'), SDL);
    expect(run()).toEqual({ code: 0, said: '' });
  });
});
