import pino from 'pino';
import { placeInLog } from './trace.ts';

export type Log = pino.Logger;

export interface LogOptions {
  /** The least important level that is written. */
  level?: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Where lines go; standard error unless a test reads them. */
  destination?: pino.DestinationStream;
}

const secrets = [
  'authorization',
  'cookie',
  'token',
  'secret',
  'password',
  'jwt',
  'databaseUrl',
  'databaseDirectUrl',
  'signingSecret',
  'connectionString',
  'variables',
];

/**
 * The log of a process: one JSON line a record, so that no text inside can forge a second one, on standard error, because
 * standard output belongs to what a command prints. Fields that hold secrets are cut wherever they stand in the first
 * three levels of a record. What is logged of a request, in whichever process, says which one it was.
 */
export function createLog({ level = 'info', destination = standardError() }: LogOptions = {}): Log {
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: placeInLog,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[hidden]' },
    },
    destination,
  );
}

/** Written at once, so that the last line before a crash is seen. A terminal that went away must not end the process. */
function standardError(): pino.DestinationStream {
  const stream = pino.destination({ dest: 2, sync: true });
  stream.on('error', () => undefined);
  return stream;
}
