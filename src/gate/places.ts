import type { IncomingMessage } from 'node:http';
import type { Config } from '../config.ts';
import { clientAddress } from './addresses.ts';
import { type Viewer, viewerId } from './viewer.ts';

const SERVICE_FACTOR = 10;

/** What lasts and tells when it is over: a socket, or the answer of an event stream. */
export interface Closable {
  once(event: 'close', listener: () => void): unknown;
}

/** Counts what each key holds. */
export class Tally {
  private readonly held = new Map<string, number>();

  count(key: string): number {
    return this.held.get(key) ?? 0;
  }

  /** Counts one more until it has closed. */
  holdUntilClosed(key: string, connection: Closable): void {
    this.held.set(key, this.count(key) + 1);
    connection.once('close', () => {
      const left = this.count(key) - 1;
      if (left > 0) this.held.set(key, left);
      else this.held.delete(key);
    });
  }
}

/** How many lasting connections an address and a viewer hold; a socket and an event stream count alike. */
export class Places {
  readonly #config: Pick<Config, 'env' | 'limits' | 'trustProxy'>;
  readonly #perAddress = new Tally();
  readonly #perViewer = new Tally();

  constructor(config: Pick<Config, 'env' | 'limits' | 'trustProxy'>) {
    this.#config = config;
  }

  /** Whether the address of a request may hold one more. This machine may in development, as often as it likes. */
  isAddressFree(request: IncomingMessage): boolean {
    const { env, limits, trustProxy } = this.#config;
    const { key, isLoopback } = clientAddress(request, trustProxy);
    return (isLoopback && env === 'development') || this.#perAddress.count(key) < limits.socketsPerAddress;
  }

  /** Counts one more for the address of a request, until it has closed. */
  holdAddress(request: IncomingMessage, connection: Closable): void {
    this.#perAddress.holdUntilClosed(clientAddress(request, this.#config.trustProxy).key, connection);
  }

  /** Counts one more for a viewer, until it has closed. @returns false where he holds as many as he may */
  takeForViewer(viewer: Viewer, connection: Closable): boolean {
    const key = viewerId(viewer);
    const most = this.#config.limits.socketsPerUser * (viewer.kind === 'service' ? SERVICE_FACTOR : 1);
    if (this.#perViewer.count(key) >= most) return false;
    this.#perViewer.holdUntilClosed(key, connection);
    return true;
  }
}
