import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { VARIABLES } from '../src/config.ts';
import { INVARIANTS } from '../src/lifecycle/invariants.ts';
import { DOCTOR_MOVES, MOVES } from '../src/lifecycle/machine.ts';

const root = path.join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const pages = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', ...markdownIn('docs')];

function markdownIn(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => path.join(folder, file));
}

/** The rows of every table of a page whose first cell is a word in backticks. */
function rowsOf(page: string): string[][] {
  return read(page)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .slice(2, -1)
        .split(' | ')
        .map((cell) => cell.trim()),
    );
}

test('the tables of variables say what the code says', () => {
  const rows = rowsOf('docs/configuration.md').filter(([name]) => /^`[A-Z_]+`$/.test(name ?? ''));
  const variables = VARIABLES.map(({ name, default: standard, description }) => [`\`${name}\``, standard, description]);
  expect(rows.toSorted()).toEqual(variables.toSorted());
});

test('the table of moves is the machine', () => {
  const moves = rowsOf('docs/lifecycle.md').filter((cells) => cells.length === 6);
  const machine = [...Object.entries(MOVES), ...Object.entries(DOCTOR_MOVES)].map(([name, { from, to, event }]) => [
    `\`${name}\``,
    from.join(', '),
    to,
    event,
  ]);
  const told = moves.map(([name, from, to, , , event]) => [name, from, to, event?.replace(/, or .*/, '')]);
  expect(told).toEqual([['`submit`', '–', 'QUEUED', 'QUEUED'], ...machine]);
});

test('the diagram of the machine has its edges and no others', () => {
  const drawing = read('docs/lifecycle.md').split('```')[1] ?? '';
  const edges = [...drawing.matchAll(/^ {2}(\S+) --> (\S+): (\w+)$/gm)].map(([, ...edge]) => edge);
  const machine = [...Object.entries(MOVES), ...Object.entries(DOCTOR_MOVES)].flatMap(([name, { from, to }]) =>
    from.map((status) => [status, name === 'delete' ? 'TOMBSTONE' : to, name]),
  );
  expect(edges).toEqual([['[*]', 'QUEUED', 'submit'], ...machine]);
});

test('the table of invariants is what the doctor asks', () => {
  const told = rowsOf('docs/lifecycle.md').filter((cells) => cells.length === 3);
  const asked = INVARIANTS.map(({ id, sentence, repair }) => [`\`${id}\``, sentence, repair ? 'yes' : '']);
  expect(told).toEqual(asked);
});

/** The titles in a test file, those of its groups too, as they stand in the source. */
function titlesIn(file: string): string[] {
  const calls = read(file).matchAll(/\(\s*(['"`])((?:(?!\1).)+)\1,\s*(?:async\b|\(|\{)/g);
  return [...calls].map(([, , title = '']) => title);
}

/** Whether a file has a test of this name: a title, a part of one, or a group's title with a part of a test's behind it. */
function hasTest(file: string, name: string): boolean {
  const titles = titlesIn(file);
  const within = (part: string) => titles.some((title) => title.includes(part));
  return within(name) || titles.some((group) => name.startsWith(`${group} `) && within(name.slice(group.length + 1)));
}

test('every failure that is told of has a test that is there', () => {
  const rows = read('docs/failures.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| what went wrong |'))
    .map((line) => line.slice(2, -2).split(' | '));
  expect(rows.length).toBeGreaterThan(50);
  for (const [failure = '', , tests = '', ...rest] of rows) {
    expect(rest, failure).toEqual([]);
    for (const named of tests.split('<br>')) {
      const [, file = named, name = ''] = /^`(test\/.+\.test\.ts)`: (.+)$/.exec(named) ?? [];
      expect(existsSync(path.join(root, file)) && hasTest(file, name), `${failure}: ${named}`).toBe(true);
    }
  }
});

test('every link of a page leads somewhere', () => {
  for (const page of pages) {
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)#\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const file = path.join(root, path.dirname(page), target);
      expect(existsSync(file), `${page} links to ${target}`).toBe(true);
    }
  }
});

test('every npm script that a page names exists', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = pages.flatMap((page) => [...read(page).matchAll(/npm (?:run (?:-s )?([a-z:]+)|(start|test)\b)/g)]);
  expect(named.length).toBeGreaterThan(3);
  for (const [text, script, short] of named) expect(Object.keys(scripts), text).toContain(script ?? short);
});

test('every file that the architecture draws exists', () => {
  const drawing = read('ARCHITECTURE.md').split('```')[1] ?? '';
  const folders = [...drawing.matchAll(/^( {2})?([a-z-]+)\/ /gm)].map(([, indent, name]) =>
    indent ? `src/${name}` : name,
  );
  expect(folders.length).toBeGreaterThan(10);
  for (const folder of folders) expect(existsSync(path.join(root, folder ?? '')), folder).toBe(true);
  const files = /^ {2}(config, .*)$/m.exec(drawing)?.[1]?.split(', ') ?? [];
  for (const file of files) expect(existsSync(path.join(root, 'src', `${file}.ts`)), file).toBe(true);
});

test('every decision is in the index', () => {
  const index = read('docs/decisions/README.md');
  const notes = readdirSync(path.join(root, 'docs/decisions')).filter((file) => /^\d/.test(file));
  for (const note of notes) expect(index).toContain(`(${note})`);
});
