import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startProcess } from '../support/process.ts';

const script = fileURLToPath(new URL('../../scripts/test.ts', import.meta.url));

const GREEN = `it('is green', () => undefined);`;
const RED = `it('is red', () => expect(1).toBe(2));`;
const CRASH = `process.kill(process.pid, 'SIGSEGV');\n${GREEN}`;
/** Leaves a file behind, so that it is well the second time. */
const CRASH_ONCE = `import { existsSync, writeFileSync } from 'node:fs';
const mark = new URL('./crashed', import.meta.url);
if (!existsSync(mark)) {
  writeFileSync(mark, '');
  process.kill(process.pid, 'SIGSEGV');
}
${GREEN}`;

it.each([
  { what: 'all are green', files: [GREEN, GREEN], code: 0, again: [] },
  { what: 'one is red', files: [GREEN, RED], code: 1, again: [] },
  { what: 'the process of one is ended, once', files: [GREEN, CRASH_ONCE], code: 0, again: ['1.test.js'] },
  { what: 'the process of one is ended each time', files: [GREEN, CRASH], code: 1, again: ['1.test.js'] },
  { what: 'one is red beside a process that is ended', files: [RED, CRASH_ONCE], code: 1, again: [] },
])('the tests end with $code where $what', async ({ files, code, again }) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'assay-tests-'));
  try {
    for (const [index, text] of files.entries()) await writeFile(path.join(folder, `${index}.test.js`), text);
    await using run = startProcess(process.execPath, [script, `--root=${folder}`, '--globals'], { env: process.env });
    expect((await run.waitForEnd()).code).toBe(code);
    const said = [...run.output().matchAll(/^Once more, as Node ended its process by SIGSEGV: (\S+)$/gm)];
    expect(said.map(([, file = '']) => path.basename(file))).toEqual(again);
  } finally {
    await rm(folder, { recursive: true });
  }
});
