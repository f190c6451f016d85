import type { ErrorCode } from './errors.ts';

/** What a failure of PostgreSQL, or of the way to it, means for a client. SQLSTATEs that are bugs of ours are not here. */
const bySqlState: Readonly<Record<string, ErrorCode>> = {
  '22P02': 'BAD_USER_INPUT', // not a uuid, number or JSON
  '22P05': 'BAD_USER_INPUT', // U+0000
  '22021': 'BAD_USER_INPUT', // not in the encoding
  '22003': 'BAD_USER_INPUT', // number out of range
  '22008': 'BAD_USER_INPUT', // date out of range
  '54001': 'BAD_USER_INPUT', // nested too deep
  '57014': 'TIMEOUT', // statement timeout
  '55P03': 'TIMEOUT', // lock timeout
  '25P03': 'TIMEOUT', // idle in transaction
  '40001': 'SERVICE_UNAVAILABLE', // serialization failure, after our own retries
  '40P01': 'SERVICE_UNAVAILABLE', // deadlock, likewise
  '57P01': 'SERVICE_UNAVAILABLE', // server is being stopped
  '57P02': 'SERVICE_UNAVAILABLE', // server has crashed
  '57P03': 'SERVICE_UNAVAILABLE', // server is starting
  '53100': 'SERVICE_UNAVAILABLE', // disk full
  '53200': 'SERVICE_UNAVAILABLE', // out of memory
  '53300': 'SERVICE_UNAVAILABLE', // too many connections
  '25006': 'SERVICE_UNAVAILABLE', // read-only
};

const CONNECTION_CODE =
  /^(08\w{3}|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;

/** pg reports its own time limits and lost connections without a code: https://github.com/brianc/node-postgres. */
const byMessage: readonly (readonly [RegExp, ErrorCode])[] = [
  // PostgreSQL ends a statement that takes too long by itself, and before that: a link that says nothing is broken.
  [/^Query read timeout$/, 'SERVICE_UNAVAILABLE'],
  [
    /^Connection terminated|timeout exceeded when trying to connect|^Client has encountered a connection error/,
    'SERVICE_UNAVAILABLE',
  ],
  // This process ends, and somebody was still on his way in.
  [/^Cannot use a pool after calling end|^The connections are being closed/, 'SERVICE_UNAVAILABLE'],
];

/** The code for an error of the database; undefined for one that is not, or that must not happen. */
export function databaseErrorCode(error: Error): ErrorCode | undefined {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (Object.hasOwn(bySqlState, code)) return bySqlState[code];
  if (CONNECTION_CODE.test(code)) return 'SERVICE_UNAVAILABLE';
  return byMessage.find(([message]) => message.test(error.message))?.[1];
}
