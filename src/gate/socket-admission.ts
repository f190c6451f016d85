import type { Context as SocketContext } from 'graphql-ws';
import type { Extra } from 'graphql-ws/use/ws';
import type { VerifyClientCallbackAsync, WebSocket } from 'ws';
import type { Log } from '../log.ts';
import type { Authenticate } from './authentication.ts';
import type { IsAllowedOrigin } from './origins.ts';
import type { Places } from './places.ts';
import { CLOSE } from './socket-limits.ts';
import { isBadToken, watchToken } from './token-watch.ts';
import type { Viewer } from './viewer.ts';

export interface AdmissionParts {
  places: Places;
  authenticate: Authenticate;
  isAllowedOrigin: IsAllowedOrigin;
  log: Log;
}

/** A connection, with its viewer once it is admitted. */
export type Connection = SocketContext<Record<string, unknown>, Extra & { viewer?: Viewer }>;

/** Refuses a handshake of a page that may not call us, and of an address that holds enough connections. */
export function createHandshakeCheck({ isAllowedOrigin, places }: AdmissionParts): VerifyClientCallbackAsync {
  return ({ req }, answer) => {
    if (!isAllowedOrigin(req.headers.origin)) answer(false, 403, 'Forbidden');
    else if (!places.isAddressFree(req)) answer(false, 429, 'Too Many Requests', { 'retry-after': '10' });
    else answer(true);
  };
}

/**
 * What `connection_init` leads to: a connection with its viewer, or false and a closed socket. It never throws, because
 * graphql-ws would close with 4500, after which its client does not come back.
 */
export function createAdmission(parts: AdmissionParts): (connection: Connection) => Promise<boolean> {
  return async ({ connectionParams, extra }) => {
    const { socket } = extra;
    const authorization = authorizationOf(connectionParams);
    const who = await identify(parts, authorization, socket);
    if (!who || socket.readyState !== socket.OPEN) return false;
    const { viewer, expiresAt } = who;
    if (!parts.places.takeForViewer(viewer, socket)) {
      socket.close(CLOSE.TRY_LATER, 'Too many sockets');
      return false;
    }
    extra.viewer = viewer;
    const stop = watchToken(parts, { authorization, expiresAt }, (reason) => socket.close(CLOSE.FORBIDDEN, reason));
    socket.once('close', stop);
    return true;
  };
}

/** The token of `connection_init`; the capital is what a tool sends that hands over HTTP headers. */
function authorizationOf(parameters: Connection['connectionParams']): string | undefined {
  const value = parameters?.authorization ?? parameters?.Authorization;
  return typeof value === 'string' ? value : undefined;
}

async function identify({ authenticate, log }: AdmissionParts, authorization: string | undefined, socket: WebSocket) {
  try {
    return await authenticate(authorization);
  } catch (error) {
    if (isBadToken(error)) return null;
    log.warn({ err: error }, 'A socket could not be authenticated.');
    socket.close(CLOSE.TRY_LATER, 'Try again later');
    return null;
  }
}
