import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const docs = path.join(import.meta.dirname, '../../docs');
const read = (file: string) => readFileSync(path.join(docs, file), 'utf8');
const graphs = readdirSync(path.join(docs, 'flames'));

test('each flame graph is on the page of its case, and each case has one', () => {
  const page = read('performance.md');
  for (const graph of graphs) expect(page).toContain(`(flames/${graph})`);
  for (const [, name] of page.matchAll(/<!-- measured: (\w+) -->/g)) expect(graphs).toContain(`${name}-api.svg`);
});

test('a flame graph is small, and names no folder of the machine it was made on', () => {
  for (const graph of graphs) {
    const svg = read(`flames/${graph}`);
    expect(svg.length, graph).toBeLessThan(100_000);
    expect(svg, graph).not.toMatch(/file:|node_modules|\/(home|root|tmp|usr|var|work)\//);
  }
});
