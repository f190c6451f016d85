import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MEMBERS } from './fault-plan.ts';
import { type FaultProxy, startProxy } from './proxy.ts';
import { endWithUs } from './run-folder.ts';

/** The compiled command line. */
export const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

/** One process of the fleet, which is started again whenever it ends. */
export interface Member {
  readonly name: string;
  /** Of an API. */
  readonly url: string;
  /** Between it and PostgreSQL. */
  readonly proxy: FaultProxy;
  readonly isReady: boolean;
  /** Of the process that is up, or was last. */
  readonly pid: number;
  /** @returns false when it is not up */
  end(signal: 'SIGKILL' | 'SIGTERM'): boolean;
  /** Ends it by SIGTERM. Resolves when it is up again. @returns the milliseconds that it took to end */
  restart(): Promise<number>;
  /** Stops it in its tracks for `ms`. @returns false when it is not up */
  freeze(ms: number): boolean;
  /** Lets it go on where it is frozen, and opens its way to PostgreSQL. */
  heal(): Promise<void>;
  /** Ends it for good. */
  stop(): Promise<void>;
}

/** A process that ended though nobody asked it to. One that cannot start while PostgreSQL is away does not count. */
export interface Death {
  name: string;
  how: string;
  lastWords: string;
}

export interface Fleet {
  members: readonly Member[];
  deaths: readonly Death[];
  /** Those of one kind that are up. */
  ready(kind: 'api' | 'worker'): Member[];
  /** The member of this name, or another one of its kind where that one is not up. */
  find(name: string): Member | undefined;
  /** Resolves when all are up. @throws when one is not within the limit */
  allReady(limitMs: number): Promise<void>;
  heal(): Promise<void>;
  stop(): Promise<void>;
}

export interface FleetOptions {
  folder: string;
  databaseUrl: string;
  /** Variables for each process, beside those that are its own. */
  env: NodeJS.ProcessEnv;
  /** Its processes: a name begins with the command. */
  members?: readonly string[];
  /** Variables for one process, by its name. */
  envOf?(name: string): NodeJS.ProcessEnv;
}

const READY = /The API listens|worker started/;
const RESTART_MS = 200;
const POLL_MS = 20;
const STOP_LIMIT_MS = 15_000;
const LAST_WORDS = 3_000;

/** Starts its processes, each behind a proxy of its own. Their logs are in the folder. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const deaths: Death[] = [];
  const members = await Promise.all((options.members ?? MEMBERS).map((name) => startMember(name, options, deaths)));
  const ready = (kind: string) => members.filter(({ name, isReady }) => isReady && name.startsWith(`${kind}-`));
  return {
    members,
    deaths,
    ready,
    find(name) {
      const candidates = ready(name.split('-')[0] ?? '');
      return candidates.find((member) => member.name === name) ?? candidates[0];
    },
    async allReady(limitMs) {
      const deadline = Date.now() + limitMs;
      while (!members.every((member) => member.isReady)) {
        if (Date.now() > deadline) throw new Error('The fleet is not up: see the logs (--logs).');
        await delay(50);
      }
    },
    heal: async () => void (await Promise.all(members.map((member) => member.heal()))),
    stop: async () => void (await Promise.all(members.map((member) => member.stop()))),
  };
}

async function startMember(name: string, options: FleetOptions, deaths: Death[]): Promise<Member> {
  const { folder, databaseUrl, env, envOf } = options;
  const url = new URL(databaseUrl);
  const proxy = await startProxy(Number(url.port));
  url.port = String(proxy.port);
  const port = String(await findFreePort());
  const [command = ''] = name.split('-');
  // A process that is killed every few seconds should not compile the same code each time.
  const own = { NODE_COMPILE_CACHE: path.join(folder, 'compiled'), ...envOf?.(name) };
  const logFile = createWriteStream(path.join(folder, `${name}.log`));
  let child: ChildProcess;
  let state: 'starting' | 'ready' | 'ending' = 'starting';
  let frozen: NodeJS.Timeout | undefined;
  let stopped = false;
  let ended = Promise.withResolvers<void>();

  function launch(): void {
    state = 'starting';
    ended = Promise.withResolvers();
    let words = '';
    child = spawn(process.execPath, [CLI, command], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env, ...own, DATABASE_URL: url.href, PORT: port },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const forget = child.pid === undefined ? () => undefined : endWithUs(child.pid);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        logFile.write(text);
        words = (words + text).slice(-LAST_WORDS);
        if (state === 'starting' && READY.test(words)) state = 'ready';
      });
    }
    child.once('close', (code, signal) => {
      forget();
      thaw();
      if (state === 'ready') deaths.push({ name, how: `exit ${code ?? signal}`, lastWords: words });
      if (state === 'ending' && code !== 0 && signal !== 'SIGKILL')
        deaths.push({ name, how: `exit ${code ?? signal} on SIGTERM`, lastWords: words });
      ended.resolve();
      if (!stopped) setTimeout(() => !stopped && launch(), RESTART_MS);
    });
  }
  function thaw(): void {
    if (!frozen) return;
    clearTimeout(frozen);
    frozen = undefined;
    child.kill('SIGCONT');
  }
  function end(signal: 'SIGKILL' | 'SIGTERM'): boolean {
    if (state !== 'ready') return false;
    state = 'ending';
    child.kill(signal);
    return true;
  }

  launch();
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    proxy,
    get isReady() {
      return state === 'ready' && !frozen;
    },
    get pid() {
      return child.pid ?? 0;
    },
    end,
    async restart() {
      const begun = performance.now();
      if (!end('SIGTERM')) throw new Error(`${name} is not up, so it cannot be ended.`);
      await ended.promise;
      const ms = performance.now() - begun;
      while (state !== 'ready') await delay(POLL_MS);
      return ms;
    },
    freeze(ms) {
      if (state !== 'ready' || frozen) return false;
      child.kill('SIGSTOP');
      frozen = setTimeout(thaw, ms);
      return true;
    },
    async heal() {
      thaw();
      await proxy.heal();
    },
    async stop() {
      stopped = true;
      thaw();
      state = 'ending';
      child.kill('SIGTERM');
      const limit = delay(STOP_LIMIT_MS, undefined, { ref: false }).then(() => child.kill('SIGKILL'));
      await Promise.race([ended.promise, limit]);
      await proxy.close();
      logFile.end();
    },
  };
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No free port was found.');
  return address.port;
}
