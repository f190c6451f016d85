import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startProcess } from '../support/process.ts';

const root = path.join(import.meta.dirname, '../..');

/** The specifiers that a module loads at run time. */
function loadedBy(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const statements = text.matchAll(
    /^(?:import|export)\s(?!type\b)[^'"]*?from\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm,
  );
  return [...statements].map(([, from, lazy]) => from ?? lazy ?? '');
}

/** All modules that are loaded with one, by their relative imports, and the packages that they ask for. */
function walk(file: string, files = new Set<string>()): { files: Set<string>; packages: Set<string> } {
  const packages = new Set<string>();
  if (files.has(file)) return { files, packages };
  files.add(file);
  for (const specifier of loadedBy(file)) {
    if (!specifier.startsWith('.')) packages.add(specifier);
    else for (const name of walk(path.join(path.dirname(file), specifier), files).packages) packages.add(name);
  }
  return { files, packages };
}

test.each(['src/client/index.ts', 'dist/client/index.js'])(
  '%s loads nothing but graphql-ws and its own files',
  (entry) => {
    const { files, packages } = walk(path.join(root, entry));
    expect([...packages]).toEqual(['graphql-ws/client']);
    expect(files.size).toBeGreaterThan(5);
    for (const file of files) {
      expect(path.dirname(file)).toBe(path.join(root, path.dirname(entry)));
      expect(readFileSync(file, 'utf8'), file).not.toMatch(/\b(process|Buffer|require|__dirname|globalThis)\b[.(]/);
    }
    const socket = walk(path.join(root, 'node_modules/graphql-ws/dist/client.js'));
    expect([...socket.packages]).toEqual([]);
  },
);

let project: string;
beforeAll(async () => {
  project = await mkdtemp(path.join(tmpdir(), 'assay-consumer-'));
  await mkdir(path.join(project, 'node_modules'));
  await symlink(root, path.join(project, 'node_modules/assay'), 'dir');
  await writeFile(path.join(project, 'package.json'), '{ "type": "module" }');
});
afterAll(() => rm(project, { recursive: true }));

const CONSUMER = `import { createAssayClient, ReadResultDocument, type AssayClient, type JobEvent } from 'assay/client';
export async function archetypeOf(assay: AssayClient, id: string): Promise<unknown> {
  for await (const event of assay.watchJob(id, { after: 0 })) {
    const { seq, status }: { seq: number; status: JobEvent['status'] } = event;
    if (status === 'COMPLETED' && seq > 0 && event.resultId) {
      const { result } = await assay.request(ReadResultDocument, { id: event.resultId });
      return result?.testResult;
    }
  }
  return undefined;
}
export const assay = createAssayClient({ url: 'http://localhost:4000', token: async () => 'x' });
`;

const settings = {
  strict: true,
  noEmit: true,
  target: 'es2023',
  module: 'nodenext',
  lib: ['es2023', 'dom', 'dom.asynciterable'],
  types: [],
};

async function compile(text: string): Promise<{ code: number | null; output: string }> {
  await writeFile(path.join(project, 'consumer.ts'), text);
  await writeFile(
    path.join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: settings, files: ['consumer.ts'] }),
  );
  await using run = startProcess(path.join(root, 'node_modules/.bin/tsc'), ['-p', project]);
  const { code } = await run.waitForEnd(60_000);
  return { code, output: run.output() };
}

test('a project outside compiles against it, with its types', { timeout: 60_000 }, async () => {
  expect(await compile(CONSUMER)).toEqual({ code: 0, output: '' });
  const wrong = await compile(CONSUMER.replace("status === 'COMPLETED'", "status === 'DONE'"));
  expect(wrong.output).toMatch(/TS2367.*no overlap/s);
  expect((await compile(CONSUMER.replace('{ id: event.resultId }', '{ id: 7 }'))).output).toMatch(/TS2322/);
});

test('a project outside can load it, and nothing else of the package', async () => {
  const script = `const { createAssayClient } = await import('assay/client');
    console.log(typeof createAssayClient, await import('assay/dist/server.js').catch(({ code }) => code));`;
  await using run = startProcess(process.execPath, ['--input-type=module', '-e', script], { cwd: project });
  await run.waitForEnd();
  expect(run.output().trim()).toBe('function ERR_PACKAGE_PATH_NOT_EXPORTED');
});
