import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

/**
 * Makes more generated attacks than the suite does, on the API in `test/attacks`: `npm run attacks -- --times 5 --seed 7`. Five
 * times are 10,000 requests and 3,000 frames. With the seed of a run that failed, it makes the same ones again.
 */
const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '5' },
    seed: { type: 'string' },
  },
});
const { status } = spawnSync('vitest', ['run', 'test/attacks'], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
  env: {
    ...process.env,
    ATTACKS_TIMES: values.times,
    ATTACKS_SEED: values.seed ?? String(Date.now() % 2 ** 31),
  },
});
process.exitCode = status ?? 1;
