import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** One connection through the proxy. */
export interface Link {
  /** Resets both ends. */
  cut(): void;
  /**
   * Makes the link half open: nothing arrives any more, in either direction, and neither end is told, also not that the
   * other one has gone. After `ms` both ends are reset.
   */
  silence(ms: number): void;
  /** Holds back what is sent for `ms`; then all of it arrives, late. */
  stall(ms: number): void;
}

/** What becomes of new connections: they pass, are refused by the system, or are accepted and never answered. */
export type Door = 'open' | 'shut' | 'silent';

export interface FaultProxy {
  readonly port: number;
  links(): Link[];
  setDoor(door: Door): Promise<void>;
  /** Opens the door and resets the links that are silent. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

const RELISTEN_MS = 20;
/** A silent door must not collect connections for ever. */
const SILENT_DOOR_MS = 30_000;

interface OwnLink extends Link {
  isSilent(): boolean;
}

/** Stands between one process and its PostgreSQL, on a port of its own of the loopback interface. */
export async function startProxy(targetPort: number): Promise<FaultProxy> {
  const links = new Set<OwnLink>();
  let door: Door = 'open';
  const accept = (client: Socket) => {
    const link = createLink(client, connect(targetPort, '127.0.0.1'), () => links.delete(link));
    links.add(link);
    if (door === 'silent') link.silence(SILENT_DOOR_MS);
  };
  let server: Server | undefined = await listen(0, accept);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');
  const { port } = address;
  let changing: Promise<void> = Promise.resolve();

  async function change(next: Door): Promise<void> {
    door = next;
    if (next === 'shut') {
      server?.close(); // the links that stand are not touched by it
      server = undefined;
    } else server ??= await listenAgain(port, accept);
  }
  const setDoor = (next: Door) => {
    changing = changing.then(() => change(next));
    return changing;
  };

  return {
    port,
    links: () => [...links].filter((link) => !link.isSilent()),
    setDoor,
    async heal() {
      await setDoor('open');
      for (const link of links) if (link.isSilent()) link.cut();
    },
    async close() {
      await setDoor('shut');
      for (const link of links) link.cut();
    },
  };
}

function createLink(client: Socket, upstream: Socket, onEnd: () => void): OwnLink {
  let isSilent = false;
  let timer: NodeJS.Timeout | undefined;
  const cut = () => {
    clearTimeout(timer);
    client.resetAndDestroy();
    upstream.resetAndDestroy();
    onEnd();
  };
  const flow = () => {
    client.pipe(upstream);
    upstream.pipe(client);
  };
  const hold = () => {
    client.unpipe(upstream).pause();
    upstream.unpipe(client).pause();
  };
  for (const socket of [client, upstream]) {
    socket.setNoDelay(true);
    // Whichever end goes, the other one follows; over a silent link it does not hear of it.
    socket.on('error', () => undefined).on('close', () => !isSilent && cut());
  }
  flow();
  const later = (ms: number, act: () => void) => {
    clearTimeout(timer);
    timer = setTimeout(act, ms).unref();
  };
  return {
    cut,
    isSilent: () => isSilent,
    silence(ms) {
      isSilent = true;
      hold();
      later(ms, cut);
    },
    stall(ms) {
      if (isSilent) return;
      hold();
      later(ms, flow);
    },
  };
}

function listen(port: number, accept: (client: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(accept);
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve(server));
  });
}

/** For a moment the port may be the local end of somebody else's connection. */
async function listenAgain(port: number, accept: (client: Socket) => void): Promise<Server> {
  for (;;) {
    try {
      return await listen(port, accept);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
      await delay(RELISTEN_MS);
    }
  }
}
