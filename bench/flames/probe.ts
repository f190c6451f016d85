// Loaded into the main thread of a process of Assay before anything else: V8's sampling profiler of all its threads, begun
// and ended by the bench over a socket.

import type { InspectorNotification, NodeWorker, Profiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

type Answer = Partial<Profiler.StopReturnType>;

const SAMPLE_US = 500;

const session = new Session();
/** The module that each further thread runs, by the session that was attached to it. */
const modules = new Map<string, string>();
/** Who waits for an answer of which thread. */
const waiting = new Map<number, { sessionId: string; resolve: (answer: Answer) => void }>();
let lastId = 0;

function askThread(sessionId: string, method: string, params = {}): Promise<Answer> {
  const id = ++lastId;
  const { promise, resolve } = Promise.withResolvers<Answer>();
  waiting.set(id, { sessionId, resolve });
  const message = JSON.stringify({ id, method, params });
  // A thread may end at any moment.
  session.post('NodeWorker.sendMessageToWorker', { sessionId, message }).catch(() => resolve({}));
  return promise;
}

function resolveAnswer({ params }: InspectorNotification<NodeWorker.ReceivedMessageFromWorkerEventDataType>): void {
  const { id, result = {} } = JSON.parse(params.message) as { id: number; result?: Answer };
  waiting.get(id)?.resolve(result);
  waiting.delete(id);
}

async function startThread({ params }: InspectorNotification<NodeWorker.AttachedToWorkerEventDataType>) {
  const { sessionId, workerInfo } = params;
  modules.set(sessionId, workerInfo.url);
  await askThread(sessionId, 'Profiler.enable');
  await askThread(sessionId, 'Profiler.setSamplingInterval', { interval: SAMPLE_US });
  await askThread(sessionId, 'Profiler.start');
}

/** A thread that has ended takes its samples with it. */
function forgetThread({ params }: InspectorNotification<NodeWorker.DetachedFromWorkerEventDataType>): void {
  modules.delete(params.sessionId);
  for (const { sessionId, resolve } of waiting.values()) if (sessionId === params.sessionId) resolve({});
}

const acts: Record<string, () => Promise<object>> = {
  async start() {
    await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_US });
    await session.post('Profiler.start');
    return {};
  },
  async stop() {
    const { profile } = await session.post('Profiler.stop');
    const others = [...modules].map(async ([sessionId, module]) => {
      return { module, ...(await askThread(sessionId, 'Profiler.stop')) };
    });
    const threads = [{ module: '', profile }, ...(await Promise.all(others))];
    await session.post('NodeWorker.disable');
    modules.clear();
    return { threads: threads.filter((thread) => thread.profile) };
  },
};

/** Says what kind of process this is, and from then on does as it is told. */
function obey(path: string, kind: string): void {
  session.connect();
  session.on('NodeWorker.attachedToWorker', (news) => void startThread(news));
  session.on('NodeWorker.detachedFromWorker', forgetThread);
  session.on('NodeWorker.receivedMessageFromWorker', resolveAnswer);
  const socket = connect(path);
  // The bench may end first, and the process must not stay for it.
  socket.on('error', () => undefined).unref();
  socket.write(`${JSON.stringify({ kind })}\n`);
  createInterface(socket).on('line', async (act) => {
    socket.write(`${JSON.stringify(await acts[act]?.())}\n`);
  });
}

const [, , kind] = process.argv;
const path = process.env.FLAMES_SOCKET;
if (path && (kind === 'api' || kind === 'worker')) obey(path, kind);
