import type { Readable } from 'node:stream';

/** A stretch of a file's bytes: both ends are counted from 0 and belong to it. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * Where bytes are kept, each lot under a name of ours: a random UUID. Nothing that a client says ever becomes a part of
 * a path or a key.
 */
export interface Storage {
  /**
   * Keeps bytes as they come, and no faster than they can be written. Resolves when a loss of power would not lose them.
   * What it rejects with may leave a part of them behind, for `remove`.
   * @throws what the source throws, or the reason of the signal
   */
  write(storedAs: string, bytes: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void>;
  /** Opens bytes to be read at the reader's pace. @throws NotStored */
  read(storedAs: string, range?: ByteRange): Promise<Readable>;
  /** Removes bytes; that there are none is fine. */
  remove(storedAs: string): Promise<void>;
  /** The name of everything that is kept, in no order; what has another form of name is somebody else's and left out. */
  list(): AsyncIterable<string>;
}

/** There are no bytes under this name. */
export class NotStored extends Error {
  override readonly name = 'NotStored';
}

const NAME = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Whether a name has the form of ours. */
export const isStoredName = (name: string): boolean => NAME.test(name);

/** @throws TypeError for anything else: what reaches a path or a key has been through here */
export function requireStoredName(name: string): string {
  if (!isStoredName(name)) throw new TypeError('bytes are stored under names of our own');
  return name;
}
