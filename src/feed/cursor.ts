import { createHash } from 'node:crypto';
import type { Part, Position } from './position.ts';
import type { Snapshot } from './snapshot.ts';

/** The longest text that can be a cursor. It has room for some hundred transactions that were open at one time. */
export const MAX_CURSOR_LENGTH = 2_048;

const VERSION = 1;
const ID_BYTES = 16;
const SEAL_BYTES = 6;
const MOST = 2n ** 63n - 1n;

/** Who may come back with a cursor: the id of the user whose jobs it is about, or null for the services, who follow all. */
export type Reader = string | null;

/**
 * A position as text: the log's id, then numbers of seven bits a byte, of which the transactions count back from their
 * snapshot's end. It ends in a seal, by which a text that is damaged or was given to another reader is told apart. The seal
 * is no secret and guards nothing: whatever position somebody makes up, he is shown his own events only.
 */
export function writeCursor(reader: Reader, { logId, seen, part }: Position): string {
  const numbers = [...snapshotNumbers(seen), ...(part ? partNumbers(part) : [])];
  const id = Buffer.from(logId.replaceAll('-', ''), 'hex');
  const body = Buffer.concat([Buffer.from([VERSION]), id, Buffer.from(numbers.flatMap(bytesOf))]);
  return Buffer.concat([body, sealOf(reader, body)]).toString('base64url');
}

/** @returns null for a text that is no cursor which this reader was given */
export function readCursor(reader: Reader, cursor: string): Position | null {
  if (cursor.length > MAX_CURSOR_LENGTH) return null;
  const body = Buffer.from(cursor, 'base64url').subarray(0, -SEAL_BYTES);
  const numbers = numbersOf(body.subarray(1 + ID_BYTES));
  const position = numbers && positionOf(body, numbers);
  // What we would not have written so is not ours: the seal, the order and every byte.
  return position && writeCursor(reader, position) === cursor ? position : null;
}

const sealOf = (reader: Reader, body: Buffer): Buffer =>
  createHash('sha256')
    .update(reader === null ? 'everyone' : `user ${reader}`)
    .update(body)
    .digest()
    .subarray(0, SEAL_BYTES);

/** The end, how many are open, and each of them as the distance to the next above. */
const snapshotNumbers = ({ next, open }: Snapshot): bigint[] => [
  next,
  BigInt(open.length),
  ...open.map((xact, index) => (open[index + 1] ?? next) - xact).reverse(),
];

const partNumbers = ({ until, last, end }: Part): bigint[] => [...snapshotNumbers(until), last, end - last];

function positionOf(body: Buffer, numbers: bigint[]): Position | null {
  const hex = body.subarray(1, 1 + ID_BYTES).toString('hex');
  const logId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const seen = takeSnapshot(numbers);
  if (!seen || numbers.length === 0) return seen && { logId, seen, part: null };
  const until = takeSnapshot(numbers);
  const [last, rest] = numbers;
  if (!until || last === undefined || rest === undefined || rest === 0n || last + rest > MOST) return null;
  return { logId, seen, part: { until, last, end: last + rest } };
}

function takeSnapshot(numbers: bigint[]): Snapshot | null {
  const [next, count] = numbers.splice(0, 2);
  if (next === undefined || count === undefined || next > MOST || count > BigInt(numbers.length)) return null;
  const open: bigint[] = [];
  for (const distance of numbers.splice(0, Number(count))) open.unshift((open[0] ?? next) - distance);
  const isSound = (open[0] ?? next) > 0n && open.every((xact, index) => xact < (open[index + 1] ?? next));
  return isSound ? { next, open } : null;
}

function bytesOf(number: bigint): number[] {
  const bytes: number[] = [];
  let rest = number;
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

/** @returns null where the last number has no end */
function numbersOf(bytes: Buffer): bigint[] | null {
  const numbers: bigint[] = [];
  let [number, shift] = [0n, 0n];
  for (const byte of bytes) {
    number |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte >= 128) continue;
    numbers.push(number);
    [number, shift] = [0n, 0n];
  }
  return shift === 0n ? numbers : null;
}
