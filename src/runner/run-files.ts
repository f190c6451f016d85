import { createHash } from 'node:crypto';
import { NotStored, type Storage } from '../files/storage.ts';
import { KindError } from '../kinds/kind.ts';
import type { InputFile } from '../lifecycle/attempt.ts';
import type { OutputFile } from '../lifecycle/files.ts';
import type { RunFiles, RunInput } from './context.ts';

/** What a thread is told of the files of its task. */
export interface TaskFiles {
  input: InputFile | null;
  /** Names under which it may store what it writes. They are known in the books before, so that nothing can be lost. */
  reserved: readonly string[];
}

/** Opens the files of one run. `written` are the ones that are stored, whole. */
export function openRunFiles(
  openStorage: () => Promise<Storage>,
  { input, reserved }: TaskFiles,
  signal: AbortSignal,
): { files: RunFiles; written: OutputFile[] } {
  const written: OutputFile[] = [];
  const free = [...reserved];

  async function write({ name, contentType }: Parameters<RunFiles['write']>[0], bytes: AsyncIterable<Uint8Array>) {
    const storedAs = free.shift();
    if (storedAs === undefined) throw new Error('the handler writes more files than its kind allows');
    const hash = createHash('sha256');
    let size = 0;
    async function* measured() {
      for await (const chunk of bytes) {
        hash.update(chunk);
        size += chunk.length;
        yield chunk;
      }
    }
    const storage = await openStorage();
    await storage.write(storedAs, measured(), signal);
    written.push({ name, contentType, size, sha256: hash.digest('hex'), storedAs });
    return { size };
  }

  return { files: { input: input && runInput(openStorage, input), write }, written };
}

function runInput(openStorage: () => Promise<Storage>, { storedAs, ...facts }: InputFile): RunInput {
  return {
    ...facts,
    async read() {
      const storage = await openStorage();
      return await storage.read(storedAs).catch((error: unknown) => {
        if (!(error instanceof NotStored)) throw error;
        throw new KindError('The uploaded file is not there any more', { retryable: false, cause: error });
      });
    },
  };
}
