import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildSchema, parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const read = (file: string) => readFileSync(path.join(import.meta.dirname, file), 'utf8');
const sdl = read('../../src/schema/schema.graphql');
const documents = read('jobs.graphql');
const require = createRequire(import.meta.url);
const compiler = require.resolve('relay-compiler/cli.js');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'assay-relay-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Compiles documents as those of a module `jobs`; `text` has all that was made of them. */
function compile(schema: string, text = documents): { ok: boolean; output: string; text: string } {
  const project = mkdtempSync(path.join(folder, 'project-'));
  const inProject = (file: string) => path.join(project, file);
  for (const name of ['src', 'artifacts']) mkdirSync(inProject(name));
  writeFileSync(inProject('schema.graphql'), schema);
  writeFileSync(inProject('src/jobs.ts'), `graphql\`${text}\`;\n`);
  const config = {
    src: './src',
    schema: './schema.graphql',
    artifactDirectory: './artifacts',
    language: 'typescript',
    requireCustomScalarTypes: true,
    customScalarTypes: { Cursor: 'string', DateTime: 'string', JSON: 'unknown' },
    noSourceControl: true,
  };
  writeFileSync(inProject('relay.config.json'), JSON.stringify(config));
  const run = spawnSync(process.execPath, [compiler, '--noWatchman', 'relay.config.json'], {
    cwd: project,
    encoding: 'utf8',
  });
  const made = readdirSync(inProject('artifacts')).map((file) => readFileSync(inProject(`artifacts/${file}`), 'utf8'));
  return { ok: run.status === 0, output: run.stdout + run.stderr, text: made.join('\n') };
}

/** The operations as they would be sent, those too that Relay makes to fetch a fragment again. */
const operationsIn = (text: string): string[] =>
  [...text.matchAll(/^ {4}"text": (".*")$/gm)].map(([, literal = '']) => JSON.parse(literal) as string);

describe('relay-compiler', () => {
  it('compiles connections, refetchable fragments, mutations and subscriptions', () => {
    const { ok, output, text } = compile(sdl);
    expect(ok, output).toBe(true);
    const operations = operationsIn(text);
    const names = operations.map((operation) => /^\w+ (\w+)/.exec(operation)?.[1]).sort();
    expect(names).toEqual([
      'jobsBalanceMoreQuery',
      'jobsDeleteMutation',
      'jobsHistoryMoreQuery',
      'jobsListMoreQuery',
      'jobsMineSubscription',
      'jobsOneQuery',
      'jobsOneSubscription',
      'jobsPageQuery',
      'jobsResultsMoreQuery',
      'jobsRowAgainQuery',
      'jobsSubmitMutation',
    ]);
    const schema = buildSchema(sdl);
    for (const operation of operations) expect(validate(schema, parse(operation)), operation).toEqual([]);
  });

  const breaks: [string, string, string, string][] = [
    ['a connection without `pageInfo`', 'pageInfo: PageInfo!', 'page: PageInfo!', "expose a 'pageInfo' field"],
    ['edges without `cursor`', 'cursor: String!', 'place: String!', "expose a 'edges { cursor }' field"],
    ['no way to fetch a Node by its id', '\n  node(', '\n  thing(', '`Query` has no field `node`'],
    [
      'another name for the end of a page',
      'endCursor: String',
      'end: String',
      "expose a 'pageInfo { endCursor }' field",
    ],
  ];
  it.each(breaks)('refuses a schema with %s', (_what, from, to, said) => {
    const { ok, output } = compile(sdl.replaceAll(from, to));
    expect(ok).toBe(false);
    expect(output).toContain(said);
  });
});
