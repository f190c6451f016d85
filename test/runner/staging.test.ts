import { describe, expect, it } from 'vitest';
import { MoveRefused } from '../../src/lifecycle/errors.ts';
import { createStaging, type StagingOptions } from '../../src/runner/staging.ts';

/** Of a database that keeps what it is given. */
function stagingWith(own: Partial<StagingOptions> = {}) {
  const kept: string[] = [];
  const refused: number[] = [];
  const staging = createStaging({
    async write(rows) {
      kept.push(rows);
      return 1;
    },
    count: async () => kept.length,
    throughOutage: (act) => act(),
    onRefused: () => void refused.push(kept.length),
    ...own,
  });
  return { staging, kept, refused };
}

describe('the rows of an attempt', () => {
  it('are counted as they come', async () => {
    const { staging, kept } = stagingWith();
    expect(await staging.isUsed()).toBe(false);
    expect([await staging.write('a'), await staging.write('b')]).toEqual([1, 2]);
    expect(kept).toEqual(['a', 'b']);
    expect(await staging.isUsed()).toBe(true);
  });

  it('are written one batch after the other, also where they come at once', async () => {
    let writing = 0;
    const { staging } = stagingWith({
      async write() {
        writing += 1;
        expect(writing).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 10));
        writing -= 1;
        return 2;
      },
    });
    expect(await Promise.all([staging.write('a'), staging.write('b'), staging.write('c')])).toEqual([2, 4, 6]);
  });

  it('are counted anew where an answer was lost, since nobody knows then what was written', async () => {
    const kept: string[] = [];
    let isBroken = true;
    const { staging } = stagingWith({
      async write(rows) {
        if (!kept.includes(rows)) kept.push(rows);
        if (isBroken) throw new Error('the connection broke');
        return 0; // it was there already
      },
      count: async () => kept.length,
      async throughOutage(act) {
        await act().catch(() => {
          isBroken = false;
        });
        await act();
      },
    });
    expect(await staging.write('a')).toBe(1);
    expect(await staging.write('a')).toBe(1);
  });

  it('end the attempt where they are refused, and their failure is told', async () => {
    const refusal = new MoveRefused('stage', 'job', null);
    const { staging, refused } = stagingWith({ write: () => Promise.reject(refusal) });
    await expect(staging.write('a')).rejects.toBe(refusal);
    expect(refused).toEqual([0]);
    expect(await staging.isUsed()).toBe(true);
  });

  it('do not end it where they merely cannot be written', async () => {
    const { staging, refused } = stagingWith({ write: () => Promise.reject(new Error('full')) });
    await expect(staging.write('a')).rejects.toThrow('full');
    expect(refused).toEqual([]);
  });

  it('are asked about when the last of them is written', async () => {
    let written = false;
    const { staging } = stagingWith({
      async write() {
        await new Promise((resolve) => setTimeout(resolve, 30));
        written = true;
        return 1;
      },
    });
    void staging.write('a');
    await staging.isUsed();
    expect(written).toBe(true);
  });
});
