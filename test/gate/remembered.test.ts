import { expect, it } from 'vitest';
import { Remembered } from '../../src/gate/remembered.ts';

it('forgets what it has known longest, when there is too much', () => {
  const remembered = new Remembered<string, number>(2);
  remembered.set('a', 1);
  remembered.set('b', 2);
  remembered.set('a', 3);
  remembered.set('c', 4);
  expect(['a', 'b', 'c'].map((key) => remembered.get(key))).toEqual([3, undefined, 4]);
});
