import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

/**
 * Plays more random histories of the machine than the suite does, each held against the model of it in `test/model`:
 * `npm run model -- --histories 5000 --seed 1`. With the seed and the path that a failure printed, it plays that one again.
 * `--variants` plays them on lifecycles with a fault each, all of which must be caught.
 */
const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '5000' },
    seed: { type: 'string' },
    path: { type: 'string' },
    variants: { type: 'boolean', default: false },
  },
});
const { status } = spawnSync('vitest', ['run', `test/model/${values.variants ? 'variants' : 'machine'}.test.ts`], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
  env: {
    ...process.env,
    MODEL_HISTORIES: values.histories,
    ...(values.variants ? { MODEL_VARIANTS: 'all' } : {}),
    MODEL_SEED: values.seed ?? String(Date.now() % 2 ** 31),
    ...(values.path === undefined ? {} : { MODEL_PATH: values.path }),
  },
});
process.exitCode = status ?? 1;
