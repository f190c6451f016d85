import { once } from 'node:events';
import net from 'node:net';

/** A stretch of network before the database that a test can watch and spoil. */
export interface Link extends AsyncDisposable {
  /** The database's URL by way of this link. */
  url: string;
  /** How often a text went to the database. */
  sent(text: string): number;
  /** How often a text came from it. */
  received(text: string): number;
  /** How many connections were refused. */
  refused(): number;
  /** From now on nothing passes over the connections that stand, nobody is told, and new ones are refused. */
  silence(): void;
  /** New connections pass again; silent ones stay silent. */
  restore(): void;
  /** Ends the connections that stand. */
  cut(): void;
  /** Keeps back an answer with this text, and whatever follows it over the same connection, until it is released. */
  hold(text: string): void;
  release(): void;
  /** From now on the server's notifications are lost on the way, and nothing else. */
  deafen(isDeaf?: boolean): void;
}

interface Connection {
  near: net.Socket;
  far: net.Socket;
  isSilent: boolean;
  /** What is kept back; null while everything passes. */
  held: Buffer[] | null;
}

const NOTIFICATION = 'A'.charCodeAt(0);

export async function openLink(databaseUrl: string): Promise<Link> {
  const target = new URL(databaseUrl);
  const connections = new Set<Connection>();
  const sent: Buffer[] = [];
  const received: Buffer[] = [];
  let refused = 0;
  let isRefusing = false;
  let isDeaf = false;
  let heldText: string | undefined;

  const server = net.createServer((near) => {
    if (isRefusing) {
      refused += 1;
      near.destroy();
      return;
    }
    const far = net.connect(Number(target.port), target.hostname);
    const connection: Connection = { near, far, isSilent: false, held: null };
    const filter = notificationFilter();
    connections.add(connection);
    near.on('data', (chunk) => {
      if (connection.isSilent) return;
      sent.push(chunk);
      far.write(chunk);
    });
    far.on('data', (chunk) => {
      if (connection.isSilent) return;
      received.push(chunk);
      if (heldText !== undefined && chunk.includes(heldText)) connection.held ??= [];
      const kept = filter(chunk, isDeaf);
      if (connection.held) connection.held.push(kept);
      else near.write(kept);
    });
    const close = () => {
      if (connection.isSilent) return;
      near.destroy();
      far.destroy();
      connections.delete(connection);
    };
    for (const socket of [near, far]) socket.on('error', () => undefined).on('close', close);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const cut = () => {
    for (const { near, far } of connections) {
      near.destroy();
      far.destroy();
    }
  };
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as net.AddressInfo).port);
  return {
    url: url.href,
    sent: (text) => count(sent, text),
    received: (text) => count(received, text),
    refused: () => refused,
    silence() {
      isRefusing = true;
      for (const connection of connections) connection.isSilent = true;
    },
    restore() {
      isRefusing = false;
    },
    cut,
    hold(text) {
      heldText = text;
    },
    release() {
      heldText = undefined;
      for (const connection of connections) {
        for (const chunk of connection.held ?? []) connection.near.write(chunk);
        connection.held = null;
      }
    },
    deafen(is = true) {
      isDeaf = is;
    },
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}

const count = (chunks: Buffer[], text: string): number =>
  Buffer.concat(chunks).toString('latin1').split(text).length - 1;

/** Cuts a server's stream into its messages (a letter, a length that counts itself, the rest). */
function notificationFilter(): (chunk: Buffer, isDeaf: boolean) => Buffer {
  let rest = Buffer.alloc(0);
  return (chunk, isDeaf) => {
    rest = Buffer.concat([rest, chunk]);
    const kept: Buffer[] = [];
    while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
      const message = rest.subarray(0, 1 + rest.readUInt32BE(1));
      rest = rest.subarray(message.length);
      if (!isDeaf || message[0] !== NOTIFICATION) kept.push(message);
    }
    return Buffer.concat(kept);
  };
}
