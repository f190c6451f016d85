import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  // graphql 16 is a dual package without an exports map: without this alias our sources load one copy of it and
  // type-graphql and Apollo another, and a schema of one is refused by the other.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    // They need a browser, and have a command of their own: `npm run test:web`.
    exclude: [...configDefaults.exclude, 'test/web/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    pool: 'forks',
    // Where the processor protects memory by keys, V8 sometimes loses count of the pages that it compiles to while threads are
    // started and ended, as ours are all the time, and ends the process ("Check failed: jit_page.has_value()").
    execArgv: ['--no-memory-protection-keys'],
    // Most of them wait for a database, a process or a lease, not for a processor.
    maxWorkers: 3,
    // A busy machine takes its time; a wait ends as soon as what it waits for is there.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
  },
});
