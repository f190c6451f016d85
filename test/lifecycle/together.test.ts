import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { together } from '../../src/lifecycle/together.ts';

/** Acts that end when they are told to, in the order in which they began. */
function heldActs() {
  const acts: { tasks: readonly string[]; end: PromiseWithResolvers<readonly string[]> }[] = [];
  const act = (tasks: readonly string[]) => {
    const end = Promise.withResolvers<readonly string[]>();
    acts.push({ tasks, end });
    return end.promise;
  };
  return { acts, act };
}

const loud = (tasks: readonly string[]) => tasks.map((task) => task.toUpperCase());

describe('tasks', () => {
  it('go at once while there is room, and together while there is none', async () => {
    const { acts, act } = heldActs();
    const run = together(act, { atOnce: 2, most: 10 });
    const answers = Promise.all(['a', 'b', 'c', 'd', 'e'].map(run));
    expect(acts.map(({ tasks }) => tasks)).toEqual([['a'], ['b']]);
    acts[1]?.end.resolve(['B']);
    await turn();
    expect(acts[2]?.tasks).toEqual(['c', 'd', 'e']);
    for (const { tasks, end } of acts) end.resolve(loud(tasks));
    expect(await answers).toEqual(['A', 'B', 'C', 'D', 'E']);
  });

  it('are no more together than may be, those first that have waited longest', async () => {
    const { acts, act } = heldActs();
    const run = together(act, { atOnce: 1, most: 2 });
    const answers = Promise.all(['a', 'b', 'c', 'd'].map(run));
    for (let place = 0; place < 3; place += 1) {
      acts[place]?.end.resolve(loud(acts[place]?.tasks ?? []));
      await turn();
    }
    expect(await answers).toEqual(['A', 'B', 'C', 'D']);
    expect(acts.map(({ tasks }) => tasks)).toEqual([['a'], ['b', 'c'], ['d']]);
  });

  it('that fail together are each told, and those after them go on', async () => {
    const { acts, act } = heldActs();
    const run = together(act, { atOnce: 1, most: 10 });
    const answers = Promise.allSettled(['a', 'b', 'c'].map(run));
    acts[0]?.end.resolve(['A']);
    await turn();
    const late = run('d');
    acts[1]?.end.reject(new Error('broken'));
    await turn();
    acts[2]?.end.resolve(['D']);
    expect(await answers).toMatchObject([{ value: 'A' }, { reason: { message: 'broken' } }, { status: 'rejected' }]);
    expect(await late).toBe('D');
  });
});
