import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** Options that all examples take. */
export const DEMO_OPTIONS = {
  url: { type: 'string', default: `http://127.0.0.1:${process.env.PORT || 4000}` },
  'data-dir': { type: 'string', default: process.env.ASSAY_DATA_DIR ?? '.data' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** What is on the command line. Where it cannot be understood, that is said in a line and the process ends. */
export function readArguments<T extends ParseArgsConfig['options']>(options: T) {
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}

/** A token that `npm start` left in its data folder; undefined where there is none. */
export function readDemoToken(name: 'user-token' | 'service-token', dataDir: string): string | undefined {
  try {
    return readFileSync(join(dataDir, name), 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** The token that was given, else the demo's. @throws where there is neither */
export function requireToken(
  name: 'user-token' | 'service-token',
  options: { token?: string; 'data-dir': string },
): string {
  const token = options.token ?? readDemoToken(name, options['data-dir']);
  if (!token) throw new Error(`There is no demo token in ${options['data-dir']}: start Assay there, or give --token.`);
  return token;
}

/** Runs an example to its end, and tells what went wrong in a line. Its number becomes the exit code. */
export async function runDemo(main: () => Promise<number>, { url }: { url: string }): Promise<void> {
  process.exitCode = await main().catch((error: unknown) => {
    const isAway = error instanceof TypeError && error.message === 'fetch failed';
    console.error(
      isAway ? `${url} could not be reached. Is Assay running there? --url says where else.` : String(error),
    );
    return 1;
  });
}
