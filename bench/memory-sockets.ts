import { type ApiProcess, startApis } from './apis.ts';
import { megabytes } from './figures.ts';
import { idleFollowers } from './idle-followers.ts';
import { forEach, within } from './patience.ts';
import { openFilesLimit, residentBytes } from './process-state.ts';
import { alignRows } from './table.ts';

/** Fewer than the sockets, so that most users hold several, as with several tabs. */
const USERS = 1_000;
const CONNECTING = 20;
/** Files besides the sockets that a process has open, and more. */
const OTHER_FILES = 300;
const PATIENCE_MS = 60_000;
/** Sockets at which it is measured, as shares of all. */
const STEPS = [0.1, 0.5, 1];

interface State {
  sockets: number;
  resident: number;
  /** What is left of the heap when the garbage is collected. */
  heap: number;
}

/** What an API process holds for each of `count` sockets that follow all jobs of a user to whom nothing happens. */
export async function measureSockets(count: number): Promise<string[]> {
  const limit = openFilesLimit() - OTHER_FILES;
  const most = Math.min(count, limit);
  const report = new URL('./heap-report.ts', import.meta.url).href;
  await using apis = await startApis(1, { NODE_OPTIONS: `--import=${report}` });
  const { server, open } = await idleFollowers(apis, USERS);
  const watchers = [await open(0)];
  const states = [await stateOf(server, 1)];
  const begunAt = performance.now();
  for (const step of STEPS) {
    const missing = Math.floor(most * step) - watchers.length;
    watchers.push(...(await forEach(Array.from({ length: missing }), CONNECTING, (_, index) => open(index))));
    states.push(await stateOf(server, watchers.length));
  }
  const seconds = (performance.now() - begunAt) / 1_000;
  for (const { socket } of watchers) socket.terminate();
  return [
    `API process: ${most} sockets of ${USERS} users, each with a subscription and nothing that happens, in ${seconds.toFixed(0)} s`,
    ...alignRows([
      ['sockets', 'resident', 'each', 'heap', 'each'],
      ...states.map((state) => cellsOf(state, states[0])),
    ]),
    ...(most < count
      ? [`${count} do not fit: a process may have ${limit + OTHER_FILES} files open here (ulimit -n)`]
      : []),
  ];
}

function cellsOf({ sockets, resident, heap }: State, first: State | undefined): string[] {
  const each = (bytes: number, before = 0) =>
    first && sockets > first.sockets ? `${((bytes - before) / (sockets - first.sockets) / 1_000).toFixed(1)} kB` : '';
  return [
    String(sockets),
    megabytes(resident),
    each(resident, first?.resident),
    megabytes(heap),
    each(heap, first?.heap),
  ];
}

/** Both after the garbage is collected: what was needed only to connect is no part of an idle socket. */
async function stateOf(server: ApiProcess, sockets: number): Promise<State> {
  const reports = () => [...server.output().matchAll(/heap (\d+) resources/g)];
  const known = reports().length;
  process.kill(server.pid, 'SIGUSR2');
  if (!(await within(PATIENCE_MS, () => reports().length > known))) throw new Error('The API does not say its heap.');
  return { sockets, resident: await residentBytes(server.pid), heap: Number(reports().at(-1)?.[1]) };
}
