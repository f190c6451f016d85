import { readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { startDatabase } from './database.ts';

const PAGE = new URL('../docs/performance.md', import.meta.url);

/** What a run of one case has to tell. */
export interface Measured {
  name: string;
  command: string;
  lines: readonly string[];
}

/**
 * Puts what was measured into docs/performance.md, in the place of what was measured before.
 * @throws where the page has no place for the case
 */
export async function writeToPage({ name, ...measured }: Measured): Promise<void> {
  await writeBetweenMarks(`measured: ${name}`, await describeRun(measured));
}

/** How a run was called, on what, and what it had to say. */
export const describeRun = async ({ command, lines }: Omit<Measured, 'name'>): Promise<string[]> => [
  '```',
  `$ ${command}`,
  await describeHost(),
  ...lines,
  '```',
];

/**
 * Writes lines into docs/performance.md between the marks of this name. The words around them are written by hand and stay.
 * @throws where the page has no such marks
 */
export async function writeBetweenMarks(name: string, lines: readonly string[]): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  const [begin, end] = [`<!-- ${name} -->`, '<!-- end -->'];
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`docs/performance.md has no place for "${name}".`);
  await writeFile(PAGE, `${page.slice(0, from + begin.length)}\n${lines.join('\n')}\n${page.slice(to)}`);
}

/** On what, with what, and when. */
async function describeHost(): Promise<string> {
  await using database = await startDatabase();
  const { rows } = await database.pool.query<{ version: string }>(
    `select current_setting('server_version') as version`,
  );
  const [processor] = os.cpus();
  const memory = Math.round(os.totalmem() / 2 ** 30);
  return [
    `${new Date().toISOString().slice(0, 10)}, ${os.availableParallelism()} × ${processor?.model.trim()}, ${memory} GiB,`,
    `Linux ${os.release()}, Node ${process.version}, PostgreSQL ${rows[0]?.version} with default settings for durability`,
  ].join('\n');
}
