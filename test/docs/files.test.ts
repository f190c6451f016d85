import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CODECS } from '../../src/kinds/compress/codecs.ts';
import { useDatabase } from '../support/database.ts';
import { rowsOfText } from '../support/files.ts';
import { createInstallation } from '../support/installation.ts';
import { startProcess } from '../support/process.ts';

const page = readFileSync(path.join(import.meta.dirname, '../../docs/files.md'), 'utf8');
const snippets = [...page.matchAll(/^```sh ([\w-]+)\n(.*?)^```$/gms)].map(([, name = '', text = '']) => ({
  name,
  text,
}));

const database = useDatabase();

test('the session of the page uploads, compresses and downloads', { timeout: 90_000 }, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'assay-page-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(path.join(folder, 'demand.csv'), rowsOfText(300_000));
  await using installation = await createInstallation(database().url);
  const { url } = await installation.startApi();
  await installation.startWorker();
  const env = { PATH: process.env.PATH ?? '', ASSAY: url, TOKEN: await installation.userToken() };
  const script = snippets.map(({ name, text }) => `printf '\\n== ${name}\\n'\n${text}`).join('\n');
  await using session = startProcess('bash', ['-euo', 'pipefail', '-c', script], { cwd: folder, env });
  const { code } = await session.waitForEnd(60_000);
  const output = session.output();
  expect(code, output).toBe(0);
  const said = Object.fromEntries(output.split(/^== /m).map((part) => part.split(/\n(.*)/s).slice(0, 2)));
  expect(JSON.parse(said.announce)).toMatchObject({ data: { createUpload: { userErrors: [] } } });
  expect(JSON.parse(said.put)).toMatchObject({ upload: { size: 300_000 } });
  expect(JSON.parse(said.compress)).toMatchObject({ data: { submitCompression: { userErrors: [] } } });
  expect(said.watch).toMatch(/"type":"COMPLETED".*event: complete/s);
  expect(JSON.parse(said.files).data.job).toMatchObject({
    result: { testResult: { algorithm: 'GZIP', level: 9, originalSize: 300_000 } },
    files: [
      { name: 'demand.csv', role: 'INPUT' },
      { name: 'demand.csv.gz', role: 'OUTPUT' },
    ],
  });
  expect(said.download.trim()).toBe('the same bytes');
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
