import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Profiler } from 'node:inspector';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** Of one thread of a process, while something was done. */
export interface ThreadProfile {
  /** The URL of the module that the thread runs; empty for the main thread. */
  module: string;
  profile: Profiler.Profile;
}

export type ProcessKind = 'api' | 'worker';

/** What was profiled of one process. */
export interface ProcessProfile {
  kind: ProcessKind;
  threads: ThreadProfile[];
}

/** Profilers in processes of Assay. */
export interface Probes extends AsyncDisposable {
  /** Variables with which a process is born with a profiler. */
  env: Record<string, string>;
  /** Profiles all such processes that run, for as long as this takes. @throws when one of them ends meanwhile */
  record(work: () => Promise<unknown>): Promise<ProcessProfile[]>;
}

interface Probe {
  kind: ProcessKind;
  /** Rejects when the process has ended. */
  ended: Promise<never>;
  /** Resolves with the profiles when they have been ended. */
  ask(act: 'start' | 'stop'): Promise<{ threads?: ThreadProfile[] }>;
}

/** Threads load it too, and would have to compile the probe, which would be in their profile: so it is loaded by a word. */
const PRELOAD = `import { isMainThread } from 'node:worker_threads';
if (isMainThread) await import('${new URL('./probe.ts', import.meta.url).href}');`;

/** Waits for processes, which connect by themselves when they start. */
export async function listenForProbes(): Promise<Probes> {
  const folder = await mkdtemp(path.join(tmpdir(), 'assay-flames-'));
  const address = path.join(folder, 'probes');
  const probes = new Map<Socket, Probe>();
  const server = createServer(async (socket) => {
    const { promise: ended, reject } = Promise.withResolvers<never>();
    ended.catch(() => undefined);
    const forget = () => {
      probes.delete(socket);
      reject(new Error('A process has ended while it was looked at.'));
    };
    socket.on('error', () => undefined).on('close', forget);
    const lines = createInterface(socket)[Symbol.asyncIterator]();
    const next = async () => JSON.parse((await lines.next()).value ?? '{}');
    const { kind } = await next();
    probes.set(socket, {
      kind,
      ended,
      ask(act) {
        socket.write(`${act}\n`);
        return next();
      },
    });
  }).listen(address);
  await once(server, 'listening');
  return {
    env: {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(PRELOAD)}`,
      FLAMES_SOCKET: address,
    },
    async record(work) {
      const running = [...probes.values()];
      const alive = <T>(act: Promise<T>) => Promise.race([act, ...running.map(({ ended }) => ended)]);
      await alive(Promise.all(running.map(({ ask }) => ask('start'))));
      await alive(work());
      const stop = async ({ kind, ask }: Probe) => ({ kind, threads: [], ...(await ask('stop')) });
      return await alive(Promise.all(running.map(stop)));
    },
    async [Symbol.asyncDispose]() {
      for (const socket of probes.keys()) socket.destroy();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
