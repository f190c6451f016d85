import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { createInstallation } from './installation.ts';
import { startProcess } from './process.ts';

/** The text of a page in `docs/`. */
export const readPage = (name: string): string =>
  readFileSync(path.join(import.meta.dirname, '../../docs', name), 'utf8');

/**
 * Runs the named shell snippets of a page one after the other, as its reader would, on an installation of its own.
 * @param files what is in the reader's folder
 * @returns what each snippet printed
 */
export async function runPage(
  page: string,
  databaseUrl: string,
  files: Record<string, Uint8Array> = {},
): Promise<Record<string, string>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'assay-page-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, bytes] of Object.entries(files)) await writeFile(path.join(folder, name), bytes);
  await using installation = await createInstallation(databaseUrl);
  const { url } = await installation.startApi();
  await installation.startWorker();
  const env = { PATH: process.env.PATH ?? '', ASSAY: url, TOKEN: await installation.userToken() };
  const snippets = [...page.matchAll(/^```sh ([\w-]+)\n(.*?)^```$/gms)];
  const script = snippets.map(([, name, text]) => `printf '\\n== ${name}\\n'\n${text}`).join('\n');
  await using session = startProcess('bash', ['-euo', 'pipefail', '-c', script], { cwd: folder, env });
  const { code } = await session.waitForEnd(60_000);
  const output = session.output();
  expect(code, output).toBe(0);
  return Object.fromEntries(output.split(/^== /m).map((part) => part.split(/\n(.*)/s).slice(0, 2)));
}
