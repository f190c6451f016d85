import { createHash } from 'node:crypto';
import { beginsAs, HEAD_BYTES, isText } from './content-check.ts';

/** What was announced of a file whose bytes come in. */
export interface Announced {
  readonly size: number;
  readonly contentType: string;
  /** In hexadecimal, or null where none was told. */
  readonly sha256: string | null;
}

/** The bytes are not what was announced. */
export class IntakeFault extends Error {
  override readonly name = 'IntakeFault';
  readonly found: 'LONGER' | 'SHORTER' | 'OTHER_CHECKSUM' | 'OTHER_CONTENT' | 'NO_TEXT';

  constructor(found: IntakeFault['found'], options?: ErrorOptions) {
    super(`the bytes are not as announced: ${found}`, options);
    this.found = found;
  }
}

export interface Intake {
  /** The same bytes, checked on their way: whoever writes them sees the fault as the error of his source. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** The checksum of all of them, in hexadecimal, once they have passed. */
  sha256(): string;
}

/**
 * Lets bytes pass that are what was announced, and stops at the first that cannot be: never more than the size is read,
 * and of what is held back there is only the beginning.
 */
export function takeIn(source: AsyncIterable<Uint8Array>, announced: Announced): Intake {
  const hash = createHash('sha256');
  let digest = '';

  async function* check(): AsyncGenerator<Uint8Array> {
    const text = isText(announced.contentType) ? createTextCheck() : undefined;
    let size = 0;
    for await (const chunk of beginningChecked(source, announced.contentType)) {
      size += chunk.length;
      if (size > announced.size) throw new IntakeFault('LONGER');
      hash.update(chunk);
      text?.check(chunk);
      yield chunk;
    }
    if (size < announced.size) throw new IntakeFault('SHORTER');
    text?.end();
    digest = hash.digest('hex');
    if (announced.sha256 !== null && digest !== announced.sha256) throw new IntakeFault('OTHER_CHECKSUM');
  }

  return { bytes: check(), sha256: () => digest };
}

/** Holds the first bytes back until they are enough to be judged. */
async function* beginningChecked(
  source: AsyncIterable<Uint8Array>,
  contentType: string,
): AsyncGenerator<Uint8Array, void> {
  let held: Uint8Array[] | undefined = [];
  let size = 0;
  const judge = async (): Promise<Buffer> => {
    const head = Buffer.concat(held ?? []);
    held = undefined;
    if (!(await beginsAs(contentType, head.subarray(0, HEAD_BYTES)))) throw new IntakeFault('OTHER_CONTENT');
    return head;
  };
  for await (const chunk of source) {
    if (held === undefined) {
      yield chunk;
      continue;
    }
    held.push(chunk);
    size += chunk.length;
    if (size >= HEAD_BYTES) yield await judge();
  }
  if (held !== undefined && size > 0) yield await judge();
}

function createTextCheck(): { check(chunk: Uint8Array): void; end(): void } {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (chunk?: Uint8Array) => {
    try {
      decoder.decode(chunk, { stream: chunk !== undefined });
    } catch (error) {
      throw new IntakeFault('NO_TEXT', { cause: error });
    }
  };
  return {
    check(chunk) {
      if (chunk.includes(0)) throw new IntakeFault('NO_TEXT');
      decode(chunk);
    },
    end: () => decode(),
  };
}
