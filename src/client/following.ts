import type { Connection } from './connection.ts';
import { errorOf, type SentError } from './errors.ts';

/** Waiting times before a subscription is begun again, in milliseconds: the first, and the longest. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;
/** Messages that may wait for a reader. Beyond, the subscription ends, and is resumed when he has read them. */
const MOST_WAITING = 1_000;

/** What is particular to one kind of subscription: the place where it stands, and what its messages mean. */
export interface Place<Data, Message> {
  readonly query: string;
  /** The variables that resume it from where it stands now. */
  variables(): Record<string, unknown>;
  /** Takes what was sent. @returns what the reader gets: undefined for a repeat */
  take(data: Data): Message | undefined;
  /** Whether a stream that the API completes is over, and not cut short. */
  isOver(): boolean;
}

type Result<Message> = IteratorResult<Message, undefined>;
interface Reader<Message> {
  resolve(result: Result<Message>): void;
  reject(error: unknown): void;
}

/**
 * Follows a subscription over lost links, restarts of the server and new tokens, from the place that was reached.
 *
 * It begins with the first `next`. The iterator is written by hand because an async generator that waits cannot be
 * returned: `break` and `return` have to end the subscription at once.
 */
export class Following<Data, Message> implements AsyncIterableIterator<Message, undefined> {
  readonly #connection: Connection;
  readonly #place: Place<Data, Message>;
  readonly #onEnd: () => void;
  readonly #waiting: Message[] = [];
  readonly #readers: Reader<Message>[] = [];
  #state: 'new' | 'running' | 'resting' | 'over' = 'new';
  #failure: Error | undefined;
  #failures = 0;
  #began = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stop: () => void = () => undefined;

  /** @param onEnd called once, when it is over for whatever reason */
  constructor(connection: Connection, place: Place<Data, Message>, onEnd: () => void) {
    this.#connection = connection;
    this.#place = place;
    this.#onEnd = onEnd;
  }

  next(): Promise<Result<Message>> {
    const message = this.#waiting.shift();
    if (message !== undefined) return Promise.resolve({ value: message, done: false });
    if (this.#failure) {
      const failure = this.#failure;
      this.#failure = undefined;
      return Promise.reject(failure);
    }
    if (this.#state === 'over') return Promise.resolve({ value: undefined, done: true });
    if (this.#state !== 'running') this.#subscribe();
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  return(): Promise<Result<Message>> {
    this.#waiting.length = 0;
    this.#end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #subscribe(): void {
    this.#state = 'running';
    this.#began = Date.now();
    let isOurs = true;
    const place = this.#place;
    const unsubscribe = this.#connection.subscribe(
      // Read anew whenever it is sent, so that it always goes on from the latest position.
      {
        query: place.query,
        get variables() {
          return place.variables();
        },
      },
      {
        next: ({ data, errors }) => isOurs && this.#receive(data, (errors ?? []) as readonly SentError[]),
        error: (reason) => isOurs && this.#interrupted(reason),
        complete: () => isOurs && (place.isOver() ? this.#end() : this.#again()),
      },
    );
    this.#stop = () => {
      isOurs = false;
      unsubscribe();
    };
  }

  #receive(data: unknown, errors: readonly SentError[]): void {
    // An event that could not be shown is not skipped: it is asked for again, or the stream ends here.
    if (errors.length > 0 || !data) {
      this.#interrupted(errors.length > 0 ? errors : errorOf([]));
      return;
    }
    this.#failures = 0;
    const message = this.#place.take(data as Data);
    if (message !== undefined) this.#hand(message);
  }

  #hand(message: Message): void {
    const reader = this.#readers.shift();
    if (reader) reader.resolve({ value: message, done: false });
    else if (this.#waiting.push(message) >= MOST_WAITING) {
      this.#stop();
      this.#state = 'resting';
    }
  }

  #interrupted(reason: unknown): void {
    const error = this.#connection.finalError(reason);
    if (error) this.#end(error);
    else this.#again();
  }

  #again(): void {
    this.#stop();
    if (Date.now() - this.#began > LONGEST_WAIT_MS) this.#failures = 0;
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures);
    this.#failures += 1;
    // Between half and all of it, so that the clients of a server that went away do not come back as one.
    this.#timer = setTimeout(() => this.#subscribe(), wait * (0.5 + Math.random() / 2));
  }

  #end(failure?: Error): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    clearTimeout(this.#timer);
    this.#stop();
    this.#onEnd();
    // One reader is told why it ended, the one who asks next; the others learn that it has.
    const first = failure && this.#readers.shift();
    if (first) first.reject(failure);
    else this.#failure = failure;
    for (const reader of this.#readers.splice(0)) reader.resolve({ value: undefined, done: true });
  }
}
