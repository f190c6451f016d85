import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { printSdl } from './build-schema.ts';

/**
 * Writes the committed SDL, or with `--check` compares it and exits 1 where it differs. Runs from `dist`, because the
 * decorators that the SDL is made from need compiling.
 */
const file = fileURLToPath(new URL('../src/schema/schema.graphql', import.meta.url));
const emitted = `${printSdl().trimEnd()}\n`;

if (process.argv.includes('--check')) {
  const committed = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (committed !== emitted) {
    console.error(
      `src/schema/schema.graphql differs from the code: run npm run codegen.\n${firstDifference(committed, emitted)}`,
    );
    process.exitCode = 1;
  }
} else {
  writeFileSync(file, emitted);
}

function firstDifference(before: string, after: string): string {
  const [old, fresh] = [before.split('\n'), after.split('\n')];
  const line = fresh.findIndex((text, index) => text !== old[index]);
  const at = line === -1 ? fresh.length : line;
  return `line ${at + 1}\n  committed: ${old[at] ?? '(end of file)'}\n  emitted:   ${fresh[at] ?? '(end of file)'}`;
}
