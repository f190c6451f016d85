import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import WebSocket from 'ws';
import { WatchJobDocument } from '../src/client/operations.generated.ts';
import { createWakeUpPublisher } from '../src/feed/publisher.ts';
import { createLifecycle } from '../src/lifecycle/lifecycle.ts';
import { createLog } from '../src/log.ts';
import { createOrm } from '../src/orm.ts';
import { startApis } from './apis.ts';
import { newUsers, submitJobs } from './jobs.ts';
import { forEach } from './patience.ts';
import { processorSeconds } from './process-state.ts';
import { watch } from './watcher.ts';

/** Events of one turn. The two sides take turns, so that what else the machine does meets both. */
const EVENTS = 25;
const TURNS = 4;
const WARM_UP = 10;
const CONNECTING = 25;
const LEASE_MS = 3_600_000;
const DELIVERY_LIMIT_MS = 30_000;

/** One side: something that sends to all, and all who receive it. */
interface Side {
  pid: number;
  sockets: number;
  /** The next event goes out. */
  emit(): Promise<void>;
  /** Called for each delivery; set by whoever waits for them. */
  onDelivery: () => void;
}

interface Sum {
  deliveries: number;
  processorSeconds: number;
  seconds: number;
}

/** Deliveries of one job's events to `count` sockets, by the API and by bare `ws` with the same bytes. */
export async function benchFanout(count: number): Promise<string[]> {
  await using closing = new AsyncDisposableStack();
  const texts: string[] = [];
  const api = await apiSide(count, texts, closing);
  await measure(api, WARM_UP);
  const bare = await bareSide(count, texts, closing);
  await measure(bare, WARM_UP);
  const sums = { api: emptySum(), bare: emptySum() };
  for (let turn = 0; turn < TURNS; turn += 1) {
    add(sums.api, await measure(api, EVENTS));
    add(sums.bare, await measure(bare, EVENTS));
  }
  const size = texts.at(-1)?.length ?? 0;
  return [
    `one job, ${count} sockets, ${TURNS * EVENTS} events of ${size} bytes each`,
    describe('Assay', sums.api),
    describe('bare ws', sums.bare),
    `Assay : bare ws = ${(perCore(sums.api) / perCore(sums.bare)).toFixed(2)}`,
  ];
}

/** All that the first socket gets is kept in `texts`. */
async function apiSide(count: number, texts: string[], closing: AsyncDisposableStack): Promise<Side> {
  const apis = closing.use(await startApis(1));
  const { database, servers } = apis;
  const userIds = newUsers(1);
  const [job] = await submitJobs(database.url, userIds);
  const [server] = servers;
  if (!job || !server) throw new Error('There is no job, or no API.');
  const orm = await createOrm({ url: database.url, name: 'assay-bench-mover' });
  closing.defer(() => orm.close());
  const { publish } = createWakeUpPublisher({ orm, log: createLog({ level: 'error' }) });
  const lifecycle = createLifecycle({ orm, wake: publish, startingTokens: 0 });
  let leaseToken: string | undefined;
  const emit = async () => {
    const lease = { jobId: job.id, leaseToken: leaseToken ?? randomUUID() };
    if (leaseToken === undefined) {
      await lifecycle.start({ ...lease, round: 1, attempt: 1, workerId: randomUUID(), leaseMs: LEASE_MS });
      leaseToken = lease.leaseToken;
    } else {
      await lifecycle.release(lease, { delayMs: 0, countsAttempt: false });
      leaseToken = undefined;
    }
  };
  const side: Side = { pid: server.pid, sockets: count, emit, onDelivery: () => undefined };
  const token = await apis.tokenOf(job.userId);
  const watching = { url: server.url, token, query: WatchJobDocument.toString(), variables: { jobId: job.id } };
  const watchers = await forEach(Array.from({ length: count }), CONNECTING, (_, index) =>
    watch({
      ...watching,
      onNext: (text) => {
        if (index === 0) texts.push(text.toString());
        side.onDelivery();
      },
    }),
  );
  closing.defer(() => {
    for (const { socket } of watchers) socket.terminate();
  });
  return side;
}

/** Sends the last two of `texts` in turn, which are one event of each sort. */
async function bareSide(count: number, texts: readonly string[], closing: AsyncDisposableStack): Promise<Side> {
  const child: ChildProcess = fork(new URL('./bare-server.ts', import.meta.url));
  closing.defer(() => void child.kill());
  const [port] = (await once(child, 'message')) as [number];
  let turn = 0;
  const emit = async () => {
    child.send(texts.at(-1 - (turn % 2)) ?? '');
    turn += 1;
  };
  const side: Side = { pid: child.pid ?? 0, sockets: count, emit, onDelivery: () => undefined };
  const sockets = await forEach(Array.from({ length: count }), CONNECTING, async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    await once(socket, 'open');
    return socket.on('message', () => side.onDelivery());
  });
  closing.defer(() => {
    for (const socket of sockets) socket.terminate();
  });
  return side;
}

/** One event after the other: the next one when all have the last. */
async function measure(side: Side, events: number): Promise<Sum> {
  const [begunAt, usedBefore] = [performance.now(), await processorSeconds(side.pid)];
  for (let event = 0; event < events; event += 1) {
    let left = side.sockets;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    side.onDelivery = () => {
      left -= 1;
      if (left === 0) resolve();
    };
    const limit = setTimeout(() => reject(new Error(`${left} sockets did not get an event.`)), DELIVERY_LIMIT_MS);
    await side.emit();
    await promise;
    clearTimeout(limit);
  }
  return {
    deliveries: events * side.sockets,
    processorSeconds: (await processorSeconds(side.pid)) - usedBefore,
    seconds: (performance.now() - begunAt) / 1_000,
  };
}

const emptySum = (): Sum => ({ deliveries: 0, processorSeconds: 0, seconds: 0 });

function add(sum: Sum, more: Sum): void {
  sum.deliveries += more.deliveries;
  sum.processorSeconds += more.processorSeconds;
  sum.seconds += more.seconds;
}

const perCore = (sum: Sum): number => sum.deliveries / sum.processorSeconds;

const describe = (name: string, sum: Sum): string =>
  `${name.padEnd(10)} ${Math.round(perCore(sum))} deliveries a second of one core ` +
  `(${sum.deliveries} in ${sum.processorSeconds.toFixed(2)} s of processor time, ${sum.seconds.toFixed(1)} s in all)`;
