import { Agent, get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { BOMBS, type Bomb } from '../test/attacks/bombs.ts';
import { throwBomb } from '../test/attacks/throw.ts';
import { startApis } from './apis.ts';
import { at, describeMs } from './figures.ts';
import { newUsers } from './jobs.ts';

const PROBE_MS = 5;
const WARM_UP = 2;
const NAME_WIDTH = 48;

interface Measured {
  bomb: Bomb;
  answers: number[];
  /** Of all its throws, the longest that a neighbour waited for his answer. */
  stallMs: number;
}

/** How long requests that would be much work take to be refused, and how long they keep a neighbour waiting. */
export async function benchBombs(count: number): Promise<string[]> {
  await using apis = await startApis(1);
  const url = apis.servers[0]?.url ?? '';
  const token = await apis.tokenOf(newUsers(1)[0] ?? '');
  const idle = await stallDuring(url, () => delay(2_000));
  const measured: Measured[] = [];
  for (const bomb of BOMBS.map(ready)) measured.push(await measure(url, token, bomb, count));
  const all = measured.flatMap(({ answers }) => answers);
  const stalls = measured.map(({ stallMs }) => stallMs);
  return [
    ...measured.map(describe),
    describeMs(`${BOMBS.length} bombs: until the refusal`, all, [0.5, 0.99, 1]),
    describeMs('a neighbour, while each was thrown', stalls, [0.5, 0.99, 1]),
    `a neighbour, while none was: ${idle.toFixed(1)} ms at most in 2 s`,
  ];
}

/** As bytes, so that it is not this process that is kept busy while it is thrown. */
const ready = (bomb: Bomb): Bomb => (bomb.over === 'http' ? { ...bomb, payload: Buffer.from(bomb.payload) } : bomb);

async function measure(url: string, token: string, bomb: Bomb, count: number): Promise<Measured> {
  const answers: number[] = [];
  for (let thrown = 0; thrown < WARM_UP; thrown += 1) await throwBomb(url, token, bomb);
  const stallMs = await stallDuring(url, async () => {
    for (let thrown = 0; thrown < count; thrown += 1) {
      const { refusal, ms } = await throwBomb(url, token, bomb);
      if (refusal !== bomb.refusal) throw new Error(`${bomb.name}, over ${bomb.over}, came to ${refusal}`);
      answers.push(ms);
    }
  });
  return { bomb, answers, stallMs };
}

/** The longest that a request waits which needs no work, one after the other over a connection of its own. */
async function stallDuring(url: string, act: () => Promise<void>): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  let isOver = false;
  let longest = 0;
  const probing = (async () => {
    while (!isOver) {
      longest = Math.max(longest, await probe(`${url}/healthz`, agent));
      await delay(PROBE_MS);
    }
  })();
  await act();
  isOver = true;
  await probing;
  agent.destroy();
  return longest;
}

function probe(url: string, agent: Agent): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => response.resume().once('end', () => resolve(performance.now() - began))).once(
      'error',
      reject,
    );
  });
}

const describe = ({ bomb: { name, over, refusal }, answers, stallMs }: Measured): string =>
  `${`${name}, ${over}`.padEnd(NAME_WIDTH)} ${String(refusal).padEnd(26)} p50 ${at(answers, 0.5).toFixed(1)} ms  ` +
  `max ${at(answers, 1).toFixed(1)} ms  neighbour max ${stallMs.toFixed(1)} ms`;
