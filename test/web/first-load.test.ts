import { readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';

/** What a browser loads, compressed by gzip, before it shows the first page: measured, and a tenth on top. */
const SCRIPT_BYTES = 305_000;
const STYLE_BYTES = 40_000;

const built = (path: string) => new URL(`../../dist/web/${path}`, import.meta.url);

test('the first page stays within its budget', () => {
  const page = readFileSync(built('index.html'), 'utf8');
  const sizeOf = (ending: string) => {
    const names = [...page.matchAll(new RegExp(`(?:src|href)="/(assets/[^"]+\\.${ending})"`, 'g'))].map(
      ([, name]) => name,
    );
    expect(names.length).toBeGreaterThan(0);
    return names
      .map((name) => statSync(built(`${name}.gz`), { throwIfNoEntry: false })?.size ?? statSync(built(`${name}`)).size)
      .reduce((sum, size) => sum + size, 0);
  };
  const [script, style] = [sizeOf('js'), sizeOf('css')];
  expect(script).toBeLessThan(SCRIPT_BYTES);
  expect(style).toBeLessThan(STYLE_BYTES);
});
