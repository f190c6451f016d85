import type { Profiler } from 'node:inspector';
import { type Owner, ownerOf, owners, placeOf } from './owners.ts';
import type { ThreadProfile } from './probes.ts';

/** A function, called by the one above it; functions of the same name in the same file are one. */
export interface Frame {
  name: string;
  /** Where it is written; empty for what is not written in JavaScript. */
  place: string;
  owner: Owner;
  /** Samples in itself, without what it calls. */
  samples: number;
  /** What it calls, by name and place. */
  children: Map<string, Frame>;
}

export const ANONYMOUS = '(anonymous)';

const ROOT = new URL('../../', import.meta.url).href;
/** The profiler's own, which no process has that is not looked at. */
const OURS = /^(bench\/|data:)/;
/** What V8 calls the time in which no JavaScript runs. */
const NATIVE = new Map([
  ['(program)', 'native code'],
  ['(garbage collector)', 'garbage collector'],
]);
/** How a thread of Piscina waits for its next task. */
const WAITS = new Set(['atomicsWaitLoop']);

/**
 * All threads of a process in one tree, without the time in which they waited. Threads that do the same are one. Samples are
 * counted, whatever time lies between them: that between two of them grows where others have the processor.
 */
export function mergeThreads(process: string, threads: readonly ThreadProfile[], root = ROOT): Frame {
  const merged = frame(process, '', 'node');
  for (const { module, profile } of threads) {
    const thread = threads.length > 1 ? child(merged, threadName(module), '') : merged;
    mergeProfile(thread, profile, root);
  }
  return merged;
}

const frame = (name: string, place: string, owner: Owner): Frame => ({
  ...{ name, place, owner },
  samples: 0,
  children: new Map(),
});

/** What is written nowhere, as `JSON.parse`, is the time of who calls it. */
function child(parent: Frame, name: string, place: string): Frame {
  const key = `${name} ${place}`;
  const inherited = NATIVE.has(name) ? 'native' : parent.owner;
  const known =
    parent.children.get(key) ?? frame(NATIVE.get(name) ?? name, place, place === '' ? inherited : ownerOf(place));
  parent.children.set(key, known);
  return known;
}

function threadName(module: string): string {
  if (module === '') return 'main thread';
  if (module.includes('/piscina/')) return 'threads of jobs';
  return module.includes('heartbeat') ? 'thread of the heartbeat' : 'other threads';
}

function mergeProfile(into: Frame, profile: Profiler.Profile, root: string): void {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const add = (callers: readonly Frame[], id: number) => {
    const { callFrame, hitCount = 0, children = [] } = nodes.get(id) as Profiler.ProfileNode;
    const place = placeOf(callFrame.url, root);
    if (callFrame.functionName === '(idle)' || OURS.test(place)) return;
    const path = call(callers, callFrame.functionName, place);
    const called = path.at(-1) as Frame;
    if (!WAITS.has(called.name)) called.samples += hitCount;
    for (const next of children) add(path, next);
  };
  // The first node stands for the thread itself.
  const [first] = profile.nodes;
  into.samples += first?.hitCount ?? 0;
  for (const id of first?.children ?? []) add([into], id);
}

/**
 * A function that calls itself, also by way of others, is where it was: middlewares are beside each other, not a tower.
 * Those without a name are told apart by what is between them.
 */
function call(callers: readonly Frame[], functionName: string, place: string): readonly Frame[] {
  const name = functionName || ANONYMOUS;
  const again = place === '' ? -1 : callers.findIndex((one) => one.name === name && one.place === place);
  if (again >= 0 && (name !== ANONYMOUS || again === callers.length - 1)) return callers.slice(0, again + 1);
  return [...callers, child(callers.at(-1) as Frame, name, place)];
}

/** Samples of a function with all that it calls. */
export function allSamples({ samples, children }: Frame): number {
  return [...children.values()].reduce((sum, called) => sum + allSamples(called), samples);
}

/** Of each owner: whole percents of the samples, together a hundred. */
export function sharesOf(root: Frame): Map<Owner, number> {
  const counts = new Map(owners.map((owner) => [owner, 0]));
  const add = ({ owner, samples, children }: Frame) => {
    counts.set(owner, (counts.get(owner) ?? 0) + samples);
    for (const called of children.values()) add(called);
  };
  add(root);
  return wholePercents(counts, allSamples(root));
}

/** Those that lose most by being cut off are rounded up. */
function wholePercents(counts: Map<Owner, number>, total: number): Map<Owner, number> {
  const exact = [...counts].map(([owner, count]) => ({ owner, percent: (100 * count) / (total || 1) }));
  const missing = Math.round(exact.reduce((sum, { percent }) => sum + (percent % 1), 0));
  const raised = exact.toSorted((a, b) => (b.percent % 1) - (a.percent % 1)).slice(0, missing);
  return new Map(exact.map((one) => [one.owner, Math.floor(one.percent) + (raised.includes(one) ? 1 : 0)]));
}
