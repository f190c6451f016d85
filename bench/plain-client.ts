import { type Agent, request } from 'node:http';

export interface Operation {
  query: string;
  variables?: Record<string, unknown>;
}

/** Where to send, and for whom. */
export interface Asking {
  url: string;
  token: string;
  agent: Agent;
}

/**
 * Sends an operation by the plainest client there is: it shares the processors with the API.
 * @returns the answer as it came
 */
export function send({ url, token, agent }: Asking, operation: Operation): Promise<string> {
  const body = JSON.stringify(operation);
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    authorization: `Bearer ${token}`,
  };
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/graphql`, { method: 'POST', agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks).toString()));
      response.on('error', reject);
    });
    sent.on('error', reject).end(body);
  });
}

/** What came of a load that went on for a time. */
export interface Answers {
  perSecond: number;
  /** How long each took. */
  ms: number[];
}

/** Asks again as soon as there is an answer, so many at one time, and waits for the last. */
export async function keepAsking(
  { inFlight, seconds }: { inFlight: number; seconds: number },
  ask: (turn: number) => Promise<unknown>,
): Promise<Answers> {
  const ms: number[] = [];
  const begunAt = performance.now();
  let turn = 0;
  const lane = async () => {
    for (let from = begunAt; from - begunAt < seconds * 1_000; from = performance.now()) {
      await ask(turn++);
      ms.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return { ms, perSecond: ms.length / ((performance.now() - begunAt) / 1_000) };
}
