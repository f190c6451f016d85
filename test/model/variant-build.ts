import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Build } from './stage.ts';
import type { Edit, Variant } from './variants.ts';

const SOURCES = ['lifecycle', 'entities', 'orm.ts'];
const ROOT = path.resolve(import.meta.dirname, '../..');

/** A copy of the sources with a variant's edits. */
export interface BuiltVariant extends AsyncDisposable {
  build: Build;
}

/** @throws where a text that an edit replaces is not in its file exactly once: the sources have moved on */
export async function buildVariant({ name, edits = [] }: Variant): Promise<BuiltVariant> {
  const folder = path.join(ROOT, 'dist', 'variants');
  await mkdir(folder, { recursive: true });
  // Inside of the checkout, where the packages are found, and in a folder that nothing else looks into.
  const copy = await mkdtemp(path.join(folder, 'variant-'));
  const remove = () => rm(copy, { recursive: true, force: true });
  try {
    for (const source of SOURCES)
      await cp(path.join(ROOT, 'src', source), path.join(copy, source), { recursive: true });
    for (const edit of edits) await apply(path.join(copy, edit.file), edit, name);
    const load = async <Module>(file: string) => (await import(pathToFileURL(path.join(copy, file)).href)) as Module;
    const { createLifecycle } = await load<typeof import('../../src/lifecycle/lifecycle.ts')>('lifecycle/lifecycle.ts');
    const { createOrm } = await load<typeof import('../../src/orm.ts')>('orm.ts');
    const { beat } = await load<typeof import('../../src/lifecycle/heartbeat.ts')>('lifecycle/heartbeat.ts');
    return { build: { createLifecycle, createOrm, beat }, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function apply(file: string, { replace, by }: Edit, name: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  const [before, after, ...more] = text.split(replace);
  if (after === undefined || more.length > 0) {
    throw new Error(
      `"${name}" replaces what is in ${path.basename(file)} ${more.length + (after === undefined ? 0 : 1)} times: ${replace}`,
    );
  }
  await writeFile(file, `${before}${by}${after}`);
}
