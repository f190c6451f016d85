import { describe, expect, it } from 'vitest';
import { statementsOf } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { post } from '../support/installation.ts';
import { BOMBS } from './bombs.ts';
import { useTarget } from './target.ts';
import { throwBomb } from './throw.ts';

const database = useDatabase();
const target = useTarget(database);

/** How many times the processor time of an ordinary request a bomb may take; unguarded they take thousands. */
const FACTOR = 60;

const milliseconds = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1_000;

/** The processor time of this process, the API and its client together. */
async function processorTimeOf(act: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await act();
  return milliseconds(process.cpuUsage(before));
}

let ordinaryMs: number | undefined;
async function ordinary(): Promise<number> {
  const { url, tokens } = target();
  const ask = () => post(url, tokens.user, '{ jobs(first: 5) { nodes { id status result { id } } } }');
  const measured: number[] = [];
  for (let time = 0; time < 20; time += 1) measured.push(await processorTimeOf(ask));
  return measured.toSorted((a, b) => a - b)[10] ?? 0;
}

const titled = BOMBS.map((bomb) => [`${bomb.name}, over ${bomb.over}`, bomb] as const);

describe(`each of ${BOMBS.length} bombs`, () => {
  it.each(titled)(
    'is refused before anything is done, for little work, while a neighbour is answered: %s',
    async (_name, bomb) => {
      const { url, tokens } = target();
      ordinaryMs ??= await ordinary();
      const neighbour = post(url, tokens.user, '{ viewer { id } }');
      let spentMs = 0;
      const statements = await statementsOf(async () => {
        spentMs = await processorTimeOf(async () => {
          expect((await throwBomb(url, tokens.user, bomb)).refusal).toBe(bomb.refusal);
        });
      });
      expect(statements).toEqual([]);
      expect(spentMs).toBeLessThan(ordinaryMs * FACTOR);
      expect(await neighbour).toMatchObject({ data: { viewer: { id: expect.any(String) } } });
    },
  );
});
