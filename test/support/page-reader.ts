import type { Random } from '../../chaos/random.ts';

export interface PageReading<Message> {
  /** Subscribes from a cursor. */
  open(after: string): Promise<AsyncIterator<Message, unknown>>;
  cursorOf(message: Message): string;
  /** Whether nothing comes behind so many messages. Asked before each. */
  isEnough(count: number): boolean;
  random: Random;
  /** Messages of the longest page. */
  most: number;
}

/**
 * Reads pages of any length, leaves, and comes back with a cursor from anywhere in the last page: what was read behind it
 * is forgotten.
 * @param start the cursor to begin with
 * @returns what is kept of page after page
 */
export async function* readPages<Message>(
  start: string,
  { open, cursorOf, isEnough, random, most }: PageReading<Message>,
): AsyncGenerator<Message[], void> {
  let after = start;
  for (let known = 0; !isEnough(known); ) {
    const page: Message[] = [];
    const messages = await open(after);
    const length = random.between(1, most);
    while (page.length < length && !isEnough(known + page.length)) {
      const { done, value } = await messages.next();
      if (done) throw new Error(`The subscription ended after ${page.length} messages.`);
      page.push(value);
    }
    await messages.return?.();
    const kept = page.slice(0, random.between(1, page.length));
    yield kept;
    known += kept.length;
    after = cursorOf(kept.at(-1) as Message);
  }
}
