import { type Agent, request } from 'node:http';
import { openSession } from '../gate/raw-socket.ts';
import type { Bomb } from './bombs.ts';

interface Answer {
  errors?: { extensions: { code: string } }[];
}

/** Throws a bomb at an API. @returns the code of the refusal, or of the close, and how long it took */
export async function throwBomb(url: string, token: string, bomb: Bomb, agent?: Agent) {
  return bomb.over === 'http' ? await post(url, token, bomb, agent) : await say(url, token, bomb);
}

export interface Blast {
  refusal: string | number | undefined;
  ms: number;
}

function post(url: string, token: string, { payload, headers }: Bomb, agent?: Agent): Promise<Blast> {
  const began = performance.now();
  let isAnswered = false;
  return new Promise((resolve, reject) => {
    const given = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers };
    const sent = request(`${url}/graphql`, { method: 'POST', headers: given, ...(agent && { agent }) }, (response) => {
      let text = '';
      isAnswered = true;
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        const { errors = [] } = JSON.parse(text) as Answer;
        resolve({ refusal: errors[0]?.extensions.code, ms: performance.now() - began });
      });
    });
    // Who says too much is answered while he still speaks.
    sent.on('error', (error) => (isAnswered ? undefined : reject(error))).end(payload);
  });
}

async function say(url: string, token: string, { payload }: Bomb): Promise<Blast> {
  const socket = await openSession(url, token);
  const began = performance.now();
  const closed = socket.closed.then(({ code }) => code);
  socket.socket.send(payload);
  const refusal = await Promise.race([
    closed,
    socket.next().then(({ payload: errors }) => (errors as Answer['errors'])?.[0]?.extensions.code),
  ]);
  const ms = performance.now() - began;
  socket.socket.terminate();
  await closed;
  return { refusal, ms };
}
