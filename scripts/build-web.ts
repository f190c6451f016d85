import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const root = new URL('../', import.meta.url);
const made = new URL('dist/web/', root);
const stampFile = new URL('.sources', made);

/** What the page is made from: a folder ends in a slash. */
const SOURCES = ['web/', 'src/client/', 'package-lock.json', 'scripts/build-web.ts'];
/** Smaller ones gain less than their header costs. */
const LEAST_BYTES = 1_024;

/** A hash over names and contents of all sources. */
function stampOf(): string {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    const files = source.endsWith('/') ? filesBelow(source) : [source];
    for (const file of files) hash.update(`${file}\n`).update(readFileSync(new URL(file, root)));
  }
  return hash.digest('hex');
}

const filesBelow = (folder: string): string[] =>
  readdirSync(new URL(folder, root), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(root.pathname.length))
    .sort();

function readStamp(): string | undefined {
  try {
    return readFileSync(stampFile, 'utf8');
  } catch {
    return undefined;
  }
}

/** Writes beside each asset what the API sends to those who take it compressed. */
function compressAssets(): void {
  const assets = new URL('assets/', made);
  for (const name of readdirSync(assets)) {
    const bytes = readFileSync(new URL(name, assets));
    if (bytes.length < LEAST_BYTES) continue;
    writeFileSync(new URL(`${name}.gz`, assets), gzipSync(bytes, { level: 9 }));
    writeFileSync(new URL(`${name}.br`, assets), brotliCompressSync(bytes));
  }
}

const stamp = stampOf();
if (readStamp() !== stamp) {
  // Loading it takes longer than finding that there is nothing to do.
  const { build } = await import('vite');
  await build({ configFile: new URL('web/vite.config.ts', root).pathname, logLevel: 'warn' });
  compressAssets();
  // Last: whatever breaks off before is made again.
  writeFileSync(stampFile, stamp);
}
