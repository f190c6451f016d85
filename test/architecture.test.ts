import { readdirSync, readFileSync } from 'node:fs';
import { basename, posix } from 'node:path';
import { describe, expect, it } from 'vitest';

interface Arrow {
  /** Paths under src/ that may be imported: a folder ends in '/', anything else is one file. */
  to: string[];
  /** Likewise, but only by `import type`, which leaves nothing behind at run time. */
  types?: string[];
  because: string;
}

/** Who may import whom. A part of src/ may always import its own folder; what is not listed is refused. */
const arrows: Record<string, Arrow> = {
  'entities/': { to: [], because: 'rows are the floor: whatever they imported, everybody would import' },
  'kinds/': {
    to: ['kinds/kind.ts'],
    types: ['runner/context.ts', 'entities/job-status.ts'],
    because: 'a kind is pure work: it must run in a bare thread and never learn of database, API or another kind',
  },
  'lifecycle/': {
    to: ['entities/'],
    types: ['metrics.ts'],
    because: 'the only writer of jobs has to be readable alone, and is used under both the API and the workers',
  },
  'feed/': {
    to: ['entities/'],
    types: ['log.ts'],
    because: 'events reach subscribers from the table alone, not from whoever wrote them',
  },
  'files/': {
    to: ['entities/'],
    types: ['config.ts', 'log.ts'],
    because: 'storage knows bytes and signatures, not jobs; the books of what is to be removed are handed to it',
  },
  'schema/': {
    to: ['entities/'],
    because: 'GraphQL classes describe; a class that acts could not be read as a contract',
  },
  'resolvers/': {
    to: ['schema/', 'lifecycle/', 'entities/', 'feed/', 'files/', 'gate/', 'kinds/', 'context.ts'],
    types: ['config.ts'],
    because: 'a resolver turns arguments into one verb or one read; kinds are there to check content before a charge',
  },
  'gate/': {
    to: ['entities/', 'files/', 'schema/json.ts', 'lifecycle/ledger.ts', 'trace.ts'],
    types: ['config.ts', 'context.ts', 'lifecycle/lifecycle.ts', 'log.ts', 'metrics.ts'],
    because:
      'the gate says who asks and how much, and lets bytes in and out by a link; an account is opened there, so that a first request can pay',
  },
  'runner/': {
    to: ['lifecycle/', 'kinds/', 'entities/', 'files/', 'log.ts', 'metrics.ts', 'trace.ts'],
    types: ['config.ts'],
    because: 'running an attempt must not need an API process; its thread reads and writes files by itself',
  },
  'tasks/': {
    to: ['lifecycle/', 'runner/', 'kinds/', 'entities/', 'files/', 'log.ts', 'metrics.ts'],
    types: ['config.ts'],
    because: 'workers scale without the API: tasks and resolvers never meet',
  },
  'client/': { to: [], because: 'the client is taken by other projects, without the server' },
  'embedded-postgres/': { to: [], because: 'it supervises a foreign program and is used by start and tests alike' },
  'embedded-postgres.ts': { to: ['embedded-postgres/'], because: 'it is the door to its folder, and to nothing else' },
  'config.ts': { to: ['config/', 'entities/'], because: 'settings are read before anything else exists' },
  'config/': { to: ['entities/'], because: 'settings are read before anything else exists' },
  'log.ts': {
    to: ['trace.ts'],
    types: ['config.ts'],
    because: 'everybody may log, so a log that imports more would close a circle',
  },
  'trace.ts': {
    to: [],
    types: ['entities/'],
    because: 'everybody may say where he is, so it must not import who does',
  },
  'trace-export.ts': { to: [], because: 'spans leave by it; nothing needs it but whoever starts a process' },
  'metrics.ts': { to: [], types: ['config.ts'], because: 'everybody may count, so it must not import who counts' },
  'orm.ts': { to: ['entities/', 'config.ts'], because: 'it maps rows; nothing else belongs to a connection' },
  'reader.ts': { to: [], because: 'it knows who may read, and no row: the tables are the database’s to guard' },
  'context.ts': {
    to: ['entities/', 'kinds/', 'resolvers/loaders.ts', 'trace.ts'],
    types: ['gate/', 'feed/', 'lifecycle/', 'files/', 'config.ts', 'doctor/', 'reader.ts'],
    because: 'it binds what a process has to one operation, and acts on nothing',
  },
  'build-schema.ts': {
    to: ['schema/', 'resolvers/', 'gate/', 'context.ts'],
    because: 'the schema must be printable without a database or a server',
  },
  'schema-file.ts': { to: ['build-schema.ts'], because: 'it prints the schema and does nothing else' },
  'doctor/': {
    to: ['lifecycle/', 'orm.ts'],
    types: ['log.ts'],
    because: 'the lifecycle knows what must hold; this gives it connections, one examination at a time',
  },
  'migrate.ts': { to: ['orm.ts', 'config.ts', 'log.ts'], because: 'migrations run before the code they prepare for' },
  'server.ts': composes('API', ['tasks/', 'runner/', 'worker.ts', 'commands/']),
  'worker.ts': composes('worker', ['resolvers/', 'schema/', 'build-schema.ts', 'doctor/', 'server.ts', 'commands/']),
  'commands/': composes('command line', []),
  'cli.ts': composes('command line', []),
};

/** A part that puts others together may import all of src/ but `without`, and never the command line above it. */
function composes(what: string, without: string[]): Arrow {
  const parts = ['entities/', 'kinds/', 'lifecycle/', 'feed/', 'files/', 'schema/', 'resolvers/', 'gate/', 'runner/'];
  const files = [
    'config.ts',
    'log.ts',
    'metrics.ts',
    'trace.ts',
    'trace-export.ts',
    'orm.ts',
    'reader.ts',
    'context.ts',
    'build-schema.ts',
    'migrate.ts',
  ];
  const all = [...parts, ...files, 'doctor/', 'tasks/', 'embedded-postgres.ts', 'server.ts', 'worker.ts', 'commands/'];
  return { to: all.filter((part) => !without.includes(part)), because: `the ${what} composes what it runs, no more` };
}

const packages = [
  {
    name: /^graphile-worker$/,
    only: /^(tasks\/|worker\.ts|migrate\.ts)/,
    because:
      'the queue is a detail of the workers: the lifecycle adds and removes tasks in SQL, inside its transaction',
  },
  {
    name: /^type-graphql$/,
    only: /^(schema\/|resolvers\/|build-schema\.ts|gate\/authorization\.ts)/,
    because: 'rows and moves must not depend on how the API describes them',
  },
  {
    name: /^(graphql|@apollo\/|graphql-)/,
    only: /^(schema\/|resolvers\/|gate\/|build-schema\.ts|server\.ts|client\/)/,
    because: 'GraphQL ends at the resolvers; workers and the lifecycle run without it',
  },
  {
    name: /^prom-client$/,
    only: /^metrics\.ts$/,
    because: 'what a process counts is declared in one place, and handed down to who counts',
  },
  {
    name: /^openai$/,
    only: /^kinds\/assessment\/language-model\//,
    because: 'it is large, and only the one engine that asks a language model loads it',
  },
];

const tables = 'analysis_jobs|analysis_results|files|file_removals|job_events|ledger_entries|accounts|idempotency_keys';

const writing = (names: string) =>
  new RegExp(`\\b(insert\\s+into|update|delete\\s+from|truncate|merge\\s+into)\\s+(only\\s+)?"?(${names})\\b`, 'i');

/** What a text under src/ must not say outside the places that `except` names. */
const words = [
  {
    found: writing(tables),
    except: /^lifecycle\//,
    because: 'only src/lifecycle writes a job, its result, events and ledger: one place to hold every guard',
  },
  {
    found: writing('sync_records|sync_staging'),
    except: /^(lifecycle\/|kinds\/sync\/replace\.ts$)/,
    because: 'rows are gathered under a lease, in src/lifecycle, and taken over where the kind completes its job',
  },
  {
    found: /\.(insertInto|updateTable|deleteFrom|nativeInsert|nativeUpdate|nativeDelete|persist|upsert|flush)\(/,
    except: /^lifecycle\//,
    because: 'writes go through guarded SQL in src/lifecycle, never through a unit of work or a query builder',
  },
  {
    found: /\b(job|result|row)\.status\s*=(?!=)/,
    except: /^lifecycle\//,
    because: 'a status changes by a move; an assigned one would be a guess that the database never saw',
  },
  {
    found: /\bprocess\.env\b/,
    // What the embedded server inherits (PATH and the like) is the machine's, not a setting of ours.
    except: /^(config\.ts|config\/|commands\/|cli\.ts|embedded-postgres\/)/,
    because: 'settings are read and refused by name in one place, at start',
  },
];

const maxLines = 300;

/** Files that may be longer: nobody reads them to their end, one looks a row up. */
const tablesOfFacts = ['kinds/assessment/careers.ts', 'src/texts/en.ts', 'src/texts/id.ts'];

const junk = /(^|[-_])(utils?|helpers?|services|common|managers?|misc)([-_]|$)/;

/** The TypeScript files below a folder of the project, as paths from that folder with forward slashes. */
function filesOf(folder: string): string[] {
  return readdirSync(new URL(`../${folder}/`, import.meta.url), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /\.tsx?$/.test(path))
    .sort();
}

/**
 * What a TypeScript text imports: static imports and re-exports, `import('…')`, and `new URL('…', import.meta.url)`, by
 * which a thread is started. A regular expression is enough because the formatter fixes how such a statement looks:
 * single quotes, and only names, braces and commas before `from`. `import { type T }` is no type import: under
 * verbatimModuleSyntax the module is still loaded.
 */
function importsOf(text: string): { path: string; typeOnly: boolean }[] {
  const statement =
    /^[ \t]*(?:import|export)\s+(?<type>type\s+)?[\w$\s{},*]*?\bfrom\s+'(?<from>[^']+)'|^[ \t]*import\s+'(?<bare>[^']+)'|\bimport\(\s*'(?<lazy>[^']+)'|\bnew URL\(\s*'(?<url>\.[^']+\.[jt]s)'\s*,\s*import\.meta\.url/gm;
  return [...text.matchAll(statement)].map(({ groups = {} }) => ({
    path: groups.from ?? groups.bare ?? groups.lazy ?? groups.url ?? '',
    typeOnly: groups.type !== undefined,
  }));
}

function allows(allowed: readonly string[], path: string): boolean {
  return allowed.some((entry) => (entry.endsWith('/') ? path.startsWith(entry) : path === entry));
}

function refusedArrows(file: string, text: string): string[] {
  const part = /^[^/]+\//.exec(file)?.[0] ?? file;
  const arrow = arrows[part];
  if (!arrow) return [`src/${file}: say in this test's table what ${part} may import, and why`];
  const home = /^(kinds\/)?[^/]+\//.exec(file)?.[0];
  return importsOf(text).flatMap(({ path, typeOnly }) => {
    if (!path.startsWith('.')) return refusedPackages(file, path);
    const target = posix.join(posix.dirname(file), path).replace(/\.js$/, '.ts');
    const allowed = [...(home ? [home] : []), ...arrow.to, ...(typeOnly ? (arrow.types ?? []) : [])];
    if (allows(allowed, target) || target === '../package.json') return [];
    return [`src/${file} imports ${target}: refused, because ${arrow.because}`];
  });
}

function refusedPackages(file: string, name: string): string[] {
  return packages
    .filter((rule) => rule.name.test(name) && !rule.only.test(file))
    .map((rule) => `src/${file} imports ${name}: refused, because ${rule.because}`);
}

function refusedWords(file: string, text: string): string[] {
  return words.flatMap(({ found, except, because }) => {
    const hit = except.test(file) ? null : found.exec(text);
    if (!hit) return [];
    const line = text.slice(0, hit.index).split('\n').length;
    return [`src/${file}:${line} says "${hit[0]}": refused, because ${because}`];
  });
}

function refusedShape(file: string, text: string): string[] {
  // What a generator wrote is read by nobody, and named after its source.
  if (file.endsWith('.generated.ts')) return [];
  const lines = text.split('\n').length - 1;
  const name = basename(file).replace(/(\.d|\.config)?\.tsx?$/, '');
  const wanted = file.startsWith('tasks/') ? /^[a-z0-9]+(_[a-z0-9]+)*$/ : /^[a-z0-9]+(-[a-z0-9]+)*$/;
  return [
    ...(lines > maxLines && !tablesOfFacts.includes(file)
      ? [`src/${file} has ${lines} lines: over ${maxLines} nobody reads a file to its end`]
      : []),
    ...(wanted.test(name) ? [] : [`src/${file}: file names are kebab-case; a task is named as the queue names it`]),
    ...file
      .replace(/\.tsx?$/, '')
      .split('/')
      .filter((word) => junk.test(word))
      .map((word) => `src/${file}: "${word}" names no thing; put the code beside its caller or name it by its noun`),
  ];
}

function refusedTests(file: string, text: string): string[] {
  const silenced =
    /\b(it|test|describe|suite)(\.\w+)*\.(skip|only|todo|skipIf|runIf|fails)\b|\b(xit|fit|xdescribe|fdescribe)\(/;
  const option = /[{,]\s*(skip|only|todo|fails): true\b/;
  const unexplained = /\b(ctx|context|t)\.skip\((?![^;]*['"`]\s*,?\s*\))/;
  const hit = silenced.exec(text) ?? option.exec(text) ?? unexplained.exec(text);
  return hit ? [`test/${file} says "${hit[0]}": a test runs, or says with ctx.skip('…') why this machine cannot`] : [];
}

function refusedExamples(file: string, text: string): string[] {
  return importsOf(text)
    .filter(({ path }) => path.includes('../src/') && !path.includes('../src/client/'))
    .map(({ path }) => `examples/${file} imports ${path}: an example may use only what an outsider has`);
}

/** The page runs in a browser: of ours it knows the client, as any other page could. */
function refusedPage(file: string, text: string): string[] {
  return importsOf(text)
    .filter(({ path }) => path.startsWith('.'))
    .map(({ path }) => posix.join('web', posix.dirname(file), path))
    .filter((target) => !target.startsWith('web/') && !target.startsWith('src/client/'))
    .map((target) => `web/${file} imports ${target}: refused, because the page is a client of the API like any other`);
}

type Check = (file: string, text: string) => string[];

function overTree(folder: 'src' | 'test' | 'examples' | 'web', check: Check): string[] {
  return filesOf(folder).flatMap((file) =>
    check(file, readFileSync(new URL(`../${folder}/${file}`, import.meta.url), 'utf8')),
  );
}

describe('the source tree', () => {
  it('imports along the arrows only', () => {
    expect(overTree('src', refusedArrows)).toEqual([]);
  });

  it('writes jobs in src/lifecycle only and reads the environment in the configuration only', () => {
    expect(overTree('src', refusedWords)).toEqual([]);
  });

  it('has short files with names that say what they are', () => {
    expect(overTree('src', refusedShape)).toEqual([]);
  });

  it('has no test that is silenced', () => {
    expect(overTree('test', refusedTests)).toEqual([]);
  });

  it('has a page that knows nothing of the server, in short files with honest names', () => {
    expect(overTree('web', refusedPage)).toEqual([]);
    expect(overTree('web', refusedShape)).toEqual([]);
  });

  it('has examples that use what an outsider could use', () => {
    expect(overTree('examples', refusedExamples)).toEqual([]);
  });
});

describe('the checks themselves', () => {
  it.each([
    ['lifecycle/move.ts', "import { x } from '../resolvers/x.ts';", 'imports resolvers/x.ts'],
    ['lifecycle/move.ts', "import type { Task } from 'graphile-worker';", 'imports graphile-worker'],
    ['lifecycle/move.ts', "import { GraphQLError } from 'graphql';", 'imports graphql'],
    ['entities/job.ts', "import type { Kind } from '../kinds/kind.ts';", 'imports kinds/kind.ts'],
    ['entities/job.ts', "import { Field } from 'type-graphql';", 'imports type-graphql'],
    ['kinds/sync/run.ts', "import { csv } from '../forecast/csv.ts';", 'imports kinds/forecast/csv.ts'],
    ['kinds/sync/run.ts', "import { ctx } from '../../runner/context.ts';", 'imports runner/context.ts'],
    ['kinds/sync/run.ts', "import { type Ctx } from '../../runner/context.ts';", 'imports runner/context.ts'],
    ['tasks/run_job.ts', "export {\n  a,\n  b,\n} from '../resolvers/job.ts';", 'imports resolvers/job.ts'],
    ['resolvers/job.ts', "import '../tasks/run_job.ts';", 'imports tasks/run_job.ts'],
    ['resolvers/job.ts', "const x = await import('../tasks/run_job.ts');", 'imports tasks/run_job.ts'],
    ['runner/pool.ts', "new Piscina(new URL('../server.ts', import.meta.url));", 'imports server.ts'],
    ['server.ts', "import { main } from './cli.ts';", 'imports cli.ts'],
    ['server.ts', "import { fixture } from '../test/support/fixture.ts';", 'imports ../test/support/fixture.ts'],
    ['jobs/list.ts', '', 'table'],
  ])('refuse an arrow that is not in the table: %s, %j', (file, text, reason) => {
    expect(refusedArrows(file, text)).toEqual([expect.stringContaining(reason)]);
  });

  it('let the arrows of the table pass, also into a folder of one’s own', () => {
    const kind = "import { z } from 'zod';\nimport { KindError } from '../kind.ts';\nimport { rows } from './rows.ts';";
    expect(refusedArrows('kinds/sync/run.ts', kind)).toEqual([]);
    expect(refusedArrows('kinds/sync/run.ts', "import type { RunContext } from '../../runner/context.ts';")).toEqual(
      [],
    );
    expect(refusedArrows('kinds/index.ts', "import { sync } from './sync/run.ts';")).toEqual([]);
  });

  it.each([
    ['resolvers/job.ts', 'await sql`\n  UPDATE analysis_jobs set status = 1`', ':2 says'],
    ['tasks/prune.ts', 'sql`delete from\n job_events where true`', 'only src/lifecycle'],
    ['gate/account.ts', 'sql`Insert Into accounts (user_id) values (1)`', 'only src/lifecycle'],
    ['resolvers/job.ts', 'await em.flush();', 'guarded SQL'],
    ['tasks/run_job.ts', "job.status = 'FAILED';", 'by a move'],
    ['runner/pool.ts', 'const size = process.env.SIZE;', 'at start'],
    ['kinds/sync/copy.ts', 'sql`delete from sync_records`', 'under a lease'],
    ['resolvers/sync.ts', 'sql`insert into sync_staging values (1)`', 'under a lease'],
  ])('refuse words that belong elsewhere: %s, %j', (file, text, reason) => {
    expect(refusedWords(file, text)).toEqual([expect.stringContaining(reason)]);
    expect(refusedWords('lifecycle/move.ts', text.replace('process.env', ''))).toEqual([]);
  });

  it('refuse long files, other names and rooms without a name', () => {
    expect(refusedShape('lifecycle/move.ts', 'x\n'.repeat(maxLines + 1))).toHaveLength(1);
    expect(refusedShape('lifecycle/jobMove.ts', '')).toHaveLength(1);
    expect(refusedShape('tasks/run-job.ts', '')).toHaveLength(1);
    expect(refusedShape('common/job-utils.ts', '')).toHaveLength(2);
    expect(refusedShape('tasks/run_job.ts', 'x\n'.repeat(maxLines))).toEqual([]);
    expect(refusedShape('gate/service-token.ts', '')).toEqual([]);
  });

  it('refuse an example that reaches into the server', () => {
    expect(refusedExamples('watch.ts', "import { orm } from '../src/orm.ts';")).toHaveLength(1);
    expect(refusedExamples('watch.ts', "import { createClient } from '../src/client/client.ts';")).toEqual([]);
  });

  it('refuse a page that reaches into the server', () => {
    expect(refusedPage('src/app.tsx', "import { orm } from '../../src/orm.ts';")).toHaveLength(1);
    expect(refusedPage('src/jobs/x.tsx', "import type { Job } from '../../../src/entities/job.ts';")).toHaveLength(1);
    expect(refusedPage('src/app.tsx', "import { x } from '../../src/client/index.ts';\nimport './page.css';")).toEqual(
      [],
    );
  });

  it('refuse silenced tests, but not a reason', () => {
    for (const text of [
      `it.${'skip'}('x')`,
      `describe.${'only'}.each([1])('x')`,
      `it.concurrent.${'todo'}('x')`,
      `it('x', { ${'skip'}: true })`,
    ]) {
      expect(refusedTests('a.test.ts', text)).toHaveLength(1);
    }
    expect(refusedTests('a.test.ts', `ctx.${'skip'}();`)).toHaveLength(1);
    expect(refusedTests('a.test.ts', `ctx.${'skip'}(!linux, 'needs /proc');`)).toEqual([]);
  });
});
