import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What npm writes last, so that it is older than the lock file where that has changed since. */
const INSTALLED = new URL('./node_modules/.package-lock.json', import.meta.url);
const LOCKED = new URL('./package-lock.json', import.meta.url);

const writtenAt = (file: URL): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Installs what Assay is measured against, in a package of its own: nobody else needs it. */
if (writtenAt(INSTALLED) < writtenAt(LOCKED)) {
  execFileSync('npm', ['ci', '--ignore-scripts'], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: 'inherit',
  });
}
