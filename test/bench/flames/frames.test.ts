import type { Profiler } from 'node:inspector';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allSamples, type Frame, mergeThreads, sharesOf } from '../../../bench/flames/frames.ts';

const ROOT = 'file:///home/somebody/assay/';
const SUBMIT = 'dist/lifecycle/submit.js';
const EXECUTE = 'node_modules/graphql/execution/execute.js';

/** What was called, in which file below the project, how often it was met, and what it called. */
type Call = [name: string, file: string, samples: number, called?: Call[]];

function profileOf(calls: Call[]): Profiler.Profile {
  const nodes: Profiler.ProfileNode[] = [];
  const add = ([functionName, file, hitCount, called = []]: Call): number => {
    const url = file === '' || file.startsWith('node:') ? file : `${ROOT}${file}`;
    const callFrame = { functionName, url, scriptId: '1', lineNumber: 0, columnNumber: 0 };
    const node: Profiler.ProfileNode = { id: nodes.length + 1, callFrame, hitCount };
    nodes.push(node);
    node.children = called.map(add);
    return node.id;
  };
  add(['(root)', '', 0, calls]);
  return { nodes, startTime: 0, endTime: 0 };
}

const merge = (...calls: Call[]) => mergeThreads('process', [{ module: '', profile: profileOf(calls) }], ROOT);

/** Each function with its samples, below who calls it. */
const outline = ({ name, samples, children }: Frame): object => ({
  [`${name} ${samples}`]: [...children.values()].map(outline),
});

test('the same function below the same caller is one, whatever V8 made of it', () => {
  const root = merge(['submit', SUBMIT, 2, [['insert', SUBMIT, 1]]], ['submit', SUBMIT, 3, [['insert', SUBMIT, 4]]]);
  expect(outline(root)).toEqual({ 'process 0': [{ 'submit 5': [{ 'insert 5': [] }] }] });
});

test('a function that calls itself again by way of others is where it was', () => {
  const root = merge(['next', EXECUTE, 1, [['handle', EXECUTE, 2, [['next', EXECUTE, 4, [['end', EXECUTE, 8]]]]]]]);
  expect(outline(root)).toEqual({ 'process 0': [{ 'next 5': [{ 'handle 2': [] }, { 'end 8': [] }] }] });
});

test('the time in which a thread waits, and the profiler itself, are left out', () => {
  const waits: Call = ['atomicsWaitLoop', 'node_modules/piscina/dist/worker.js', 50, [['run', SUBMIT, 1]]];
  const root = merge(['(idle)', '', 90], waits, ['act', 'bench/flames/probe.ts', 7, [['post', 'node:inspector', 7]]]);
  expect(allSamples(root)).toBe(1);
});

test('what is written nowhere is the time of who calls it, but the garbage collector is nobody’s', () => {
  const root = merge(['submit', SUBMIT, 0, [['stringify', '', 3]]], ['(garbage collector)', '', 1]);
  expect(Object.fromEntries(sharesOf(root))).toMatchObject({ assay: 75, native: 25 });
});

test('threads are kept apart by what they do, and those that do the same are one', () => {
  const profile = profileOf([['submit', SUBMIT, 1]]);
  const modules = ['', 'file:///x/piscina/worker.js', 'file:///x/piscina/worker.js', 'file:///x/heartbeat-thread.js'];
  const root = mergeThreads(
    'worker',
    modules.map((module) => ({ module, profile })),
    ROOT,
  );
  expect([...root.children.values()].map((thread) => [thread.name, allSamples(thread)])).toEqual([
    ['main thread', 1],
    ['threads of jobs', 2],
    ['thread of the heartbeat', 1],
  ]);
});

test('shares are whole percents of whatever was counted, and a hundred together', () => {
  const files = [SUBMIT, EXECUTE, 'node:net', 'node_modules/pg/lib/client.js', 'node_modules/kysely/dist/kysely.js'];
  const calls = fc.array(fc.tuple(fc.constantFrom(...files), fc.integer({ min: 1, max: 1_000 })), { minLength: 1 });
  fc.assert(
    fc.property(calls, (counted) => {
      const shares = sharesOf(merge(...counted.map(([file, samples]): Call => ['f', file, samples])));
      const percents = [...shares.values()];
      expect(percents.every(Number.isInteger)).toBe(true);
      expect(percents.reduce((sum, percent) => sum + percent, 0)).toBe(100);
    }),
  );
});
