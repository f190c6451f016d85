// Runs the tests: vitest, with whatever it is given. Where the only fault is that Node itself ended the process of a file by a
// signal, that file is run once more, and said so: V8 does this once in thousands of threads that are ended, as ours are all
// the time ("jit_page.has_value()", or a SIGSEGV). A test that is red stays red.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const CRASH =
  /Worker exited unexpectedly with signal (SIG(?:SEGV|TRAP|ILL|ABRT|BUS))\b.* while running test file (\S+)/g;

const given = process.argv.slice(2);
const { code, output } = await run(given);
const crashes = [...output.matchAll(CRASH)];
if (code !== 0 && crashes.length > 0 && isAllThatFailed(output, crashes.length)) {
  for (const [, signal, file] of crashes) console.log(`Once more, as Node ended its process by ${signal}: ${file}`);
  const options = given.filter((argument) => argument.startsWith('-'));
  process.exitCode = (await run([...options, ...crashes.map(([, , file = '']) => file)])).code;
} else {
  process.exitCode = code;
}

function isAllThatFailed(output: string, crashes: number): boolean {
  const isRed = /^ *(Test Files|Tests) .*\bfailed\b/m.test(output);
  const [, errors] = /^ *Errors +(\d+) error/m.exec(output) ?? [];
  return !isRed && Number(errors) === crashes;
}

/** @returns what vitest ended with, and said, without colours */
async function run(args: string[]): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, [vitest, 'run', ...args], { stdio: ['inherit', 'pipe', 'pipe'] });
  const said: string[] = [];
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    from.setEncoding('utf8').on('data', (text: string) => {
      said.push(text);
      to.write(text);
    });
  }
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject).once('close', (ended) => resolve(ended ?? 1));
  });
  return { code, output: stripVTControlCharacters(said.join('')) };
}
