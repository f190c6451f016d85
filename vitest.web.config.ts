import { configDefaults, defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** The dashboard in a browser, against a real server. */
export default defineConfig({
  ...base,
  test: { ...base.test, include: ['test/web/*.test.ts'], exclude: configDefaults.exclude },
});
