import { spawnSync } from 'node:child_process';

/** The checks of `npm run ci`, each an npm script of its own, so that a failed one can be run again alone. */
const steps = [
  { script: 'lint', checks: 'format, imports and lint of the code', mend: 'npm run format' },
  { script: 'typecheck', checks: 'types' },
  { script: 'unused', checks: 'files, exports and dependencies that nobody uses' },
  { script: 'codegen:check', checks: 'committed SDL and generated operations', mend: 'npm run codegen' },
  { script: 'lint:schema', checks: 'SDL and the operations of the examples' },
  { script: 'schema:breaks', checks: 'the SDL against the released one' },
  { script: 'lint:sql', checks: 'migrations' },
];

/** Runs one script with its output as it comes. */
function run(script: string): { ok: boolean; seconds: string } {
  const started = performance.now();
  const { status } = spawnSync('npm', ['run', '--silent', script], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  return { ok: status === 0, seconds: ((performance.now() - started) / 1_000).toFixed(1) };
}

// One failure does not hide the next: all steps run, and the end tells which of them failed.
const failed = steps.filter(({ script, checks }) => {
  console.log(`\n== ${script}: ${checks}`);
  const { ok, seconds } = run(script);
  console.log(`   ${ok ? 'ok' : 'FAILED'} in ${seconds} s`);
  return !ok;
});

for (const { script, checks, mend } of failed) {
  console.error(`\nFAILED: npm run ${script} (${checks})${mend ? `; "${mend}" may mend it` : ''}`);
}
process.exitCode = failed.length > 0 ? 1 : 0;
