import { once } from 'node:events';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Chance } from './chance.ts';
import type { Documents } from './documents.ts';
import { anyOf, type Ids, jsonOf, textOf } from './hostile.ts';
import { bentBytes } from './requests.ts';

/** One frame as it is sent. */
export interface Frame {
  data: Buffer;
  binary: boolean;
  /** Bytes that are put on the connection beside the protocol of WebSockets. */
  isRaw?: boolean;
}

/** What one socket sends. */
export interface Talk {
  /** Sent first, where there is one; what follows waits for its answer. */
  introduction: Frame | null;
  frames: readonly Frame[];
}

const TYPES = [
  'connection_init',
  'subscribe',
  'complete',
  'ping',
  'pong',
  'next',
  'error',
  'connection_ack',
  '__proto__',
  '',
];
/** Answered after most of what was asked before it. */
const LAST = {
  id: 'the last',
  type: 'subscribe',
  payload: { query: 'subscription { jobEvents(jobId: "00000000-0000-7000-8000-000000000000") { seq } }' },
};
const INTRODUCTIONS = ['authorization', 'Authorization', 'token', '__proto__'];

interface Parts {
  documents: Documents;
  ids: Ids;
  tokens: readonly (string | undefined)[];
}

/** Makes what one socket says: mostly an introduction, and then messages of which each may be wrong. */
export function talkOf(chance: Chance, parts: Parts): Talk {
  const introduction = chance.happens(90) ? frame(jsonOf(init(chance, parts))) : null;
  return { introduction, frames: chance.many(18, () => frameOf(chance, parts)) };
}

const frame = (text: string | Buffer, binary = false): Frame => ({ data: Buffer.from(text), binary });

function init(chance: Chance, { ids, tokens }: Parts): unknown {
  const token = chance.pick(tokens);
  const name = chance.happens(95) ? 'authorization' : chance.pick(INTRODUCTIONS);
  return { type: 'connection_init', payload: { [name]: chance.happens(98) ? `Bearer ${token}` : anyOf(chance, ids) } };
}

function frameOf(chance: Chance, parts: Parts): Frame {
  const { ids } = parts;
  const message = () => jsonOf(messageOf(chance, parts));
  return chance.weighted<Frame>([
    [150, () => frame(message())],
    [6, () => frame(bentBytes(chance, Buffer.from(message())))],
    [3, () => frame(message(), true)],
    [1, () => frame(jsonOf(anyOf(chance, ids)))],
    [1, () => frame(Buffer.from(chance.pick([[0xff, 0xfe], [0xc3, 0x28], [0xed, 0xa0, 0x80], []])))],
    [1, () => frame(`{"type":"ping","payload":"${'x'.repeat(chance.pick([60_000, 70_000, 500_000]))}"}`)],
    [1, () => ({ ...frame(Buffer.from(Array.from({ length: 14 }, () => chance.below(256)))), isRaw: true })],
  ]);
}

function messageOf(chance: Chance, { documents, ids }: Parts): unknown {
  const id = chance.happens(97) ? String(chance.below(100)) : textOf(chance, ids);
  const subscription = () => documents.make(chance, ['subscription']);
  return chance.weighted<unknown>([
    [60, () => ({ id, type: 'subscribe', payload: subscription() })],
    [12, () => ({ id, type: 'subscribe', payload: documents.make(chance) })],
    [2, () => ({ id, type: 'subscribe', payload: { ...subscription(), variables: anyOf(chance, ids) } })],
    [
      1,
      () => ({
        id,
        type: 'subscribe',
        payload: { ...subscription(), operationName: anyOf(chance, ids), extensions: anyOf(chance, ids) },
      }),
    ],
    [1, () => ({ id, type: 'subscribe', payload: anyOf(chance, ids) })],
    [12, () => ({ id, type: 'complete' })],
    [3, () => ({ type: chance.pick(['ping', 'pong']), payload: objectOrNothing(chance, ids) })],
    [1, () => ({ id: anyOf(chance, ids), type: chance.pick(TYPES), payload: anyOf(chance, ids) })],
  ]);
}

const objectOrNothing = (chance: Chance, ids: Ids) => (chance.happens(50) ? undefined : { a: anyOf(chance, ids) });

/** What came of a talk: all that was heard, and the code of the close where it came to one. */
export interface Heard {
  texts: string[];
  close: number | null;
}

/** Says it all on a socket of its own, and hears until it is closed or has answered the last. */
export async function say(url: string, { introduction, frames }: Talk): Promise<Heard> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, ['graphql-transport-ws']);
  const heard: Heard = { texts: [], close: null };
  const closed = new Promise<void>((resolve) => {
    socket.once('close', (code) => {
      heard.close = code;
      resolve();
    });
  });
  const answered = new Promise<void>((resolve) => {
    socket.on('message', (data) => {
      heard.texts.push(String(data));
      if (String(data).includes(LAST.id)) resolve();
    });
  });
  socket.on('error', () => undefined);
  await once(socket, 'open');
  const send = ({ data, binary, isRaw }: Frame) => {
    // What the library would refuse to send.
    const { _socket: link } = socket as unknown as { _socket: Socket };
    if (isRaw) link.write(data);
    else socket.send(data, { binary });
  };
  if (introduction) {
    send(introduction);
    await Promise.race([closed, once(socket, 'message')]);
  }
  if (socket.readyState === socket.OPEN) for (const one of [...frames, frame(JSON.stringify(LAST))]) send(one);
  await Promise.race([closed, answered]);
  const outcome = { ...heard };
  socket.terminate();
  await closed;
  return outcome;
}
