import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FormatError } from './error-format.ts';
import { apiError, type ErrorCode } from './errors.ts';

interface Refusal {
  status: string;
  code: ErrorCode;
  message?: string;
}

/** What Node says of a request that it could not read; anything else is no HTTP. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: { status: '431 Request Header Fields Too Large', code: 'PAYLOAD_TOO_LARGE' },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    code: 'BAD_REQUEST',
    message: 'The request did not come to its end in time.',
  },
};
const NO_HTTP: Refusal = { status: '400 Bad Request', code: 'BAD_REQUEST', message: 'The request could not be read.' };

/** Answers in the one form of our errors what Node would answer with an empty body, and closes the connection. */
export function answerUnread(server: Server, formatError: FormatError): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // Nobody is there any more, or an answer has begun, and what comes now would be taken for a part of it.
    const { _httpMessage: begun } = socket as Socket & { _httpMessage?: { headersSent: boolean } };
    if (!socket.writable || error.code === 'ECONNRESET' || begun?.headersSent) return void socket.destroy();
    const { status, code, message } = REFUSALS[error.code ?? ''] ?? NO_HTTP;
    const body = JSON.stringify({ errors: [formatError(apiError(code, message === undefined ? {} : { message }))] });
    const head = [
      `HTTP/1.1 ${status}`,
      'connection: close',
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  });
}
