import { expect, test } from 'vitest';
import { CODECS } from '../../src/kinds/compress/codecs.ts';
import { useDatabase } from '../support/database.ts';
import { rowsOfText } from '../support/files.ts';
import { readPage, runPage } from '../support/page-session.ts';

const page = readPage('files.md');
const database = useDatabase();

test('the session of the page uploads, compresses and downloads', { timeout: 90_000 }, async () => {
  const said = await runPage(page, database().url, { 'demand.csv': rowsOfText(300_000) });
  expect(JSON.parse(said.announce ?? '')).toMatchObject({ data: { createUpload: { userErrors: [] } } });
  expect(JSON.parse(said.put ?? '')).toMatchObject({ upload: { size: 300_000 } });
  expect(JSON.parse(said.compress ?? '')).toMatchObject({ data: { submitCompression: { userErrors: [] } } });
  expect(said.watch).toMatch(/"type":"COMPLETED".*event: complete/s);
  expect(JSON.parse(said.files ?? '').data.job).toMatchObject({
    result: { testResult: { algorithm: 'GZIP', level: 9, originalSize: 300_000 } },
    files: [
      { name: 'demand.csv', role: 'INPUT' },
      { name: 'demand.csv.gz', role: 'OUTPUT' },
    ],
  });
  expect(said.download?.trim()).toBe('the same bytes');
});

test('the table of algorithms is what the code knows', () => {
  const told = [...page.matchAll(/^\| `([A-Z]+)` \| (\d+)–(\d+) \| (\d+) \| `(\.\w+)` \|$/gm)].map((row) =>
    row.slice(1),
  );
  const known = Object.entries(CODECS).map(([name, { levels, suffix }]) => [
    ...[name, String(levels.least), String(levels.most), String(levels.standard)],
    suffix,
  ]);
  expect(told).toEqual(known);
});
