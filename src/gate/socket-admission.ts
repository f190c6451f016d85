import type { IncomingMessage } from 'node:http';
import type { Context as SocketContext } from 'graphql-ws';
import type { Extra } from 'graphql-ws/use/ws';
import type { VerifyClientCallbackAsync, WebSocket } from 'ws';
import type { Config } from '../config.ts';
import type { Log } from '../log.ts';
import { clientAddress } from './addresses.ts';
import type { Authenticate } from './authentication.ts';
import { toApiError } from './error-format.ts';
import type { IsAllowedOrigin } from './origins.ts';
import { CLOSE, closeAtExpiry, type Tally } from './socket-limits.ts';
import { type Viewer, viewerId } from './viewer.ts';

/** How often a service's token is looked up again: it does not expire, but it can be revoked. */
const RECHECK_MS = 4_000;
const SERVICE_FACTOR = 10;

export interface AdmissionParts {
  config: Pick<Config, 'env' | 'limits' | 'trustProxy'>;
  authenticate: Authenticate;
  isAllowedOrigin: IsAllowedOrigin;
  log: Log;
}

/** A connection, with its viewer once it is admitted. */
export type Connection = SocketContext<Record<string, unknown>, Extra & { viewer?: Viewer }>;

/** Refuses a handshake of a page that may not call us, and of an address that holds enough sockets. */
export function createHandshakeCheck(parts: AdmissionParts, perAddress: Tally): VerifyClientCallbackAsync {
  const { config, isAllowedOrigin } = parts;
  const isFree = (request: IncomingMessage) => {
    const { key, isLoopback } = clientAddress(request, config.trustProxy);
    if (isLoopback && config.env === 'development') return true;
    return perAddress.count(key) < config.limits.socketsPerAddress;
  };
  return ({ req }, answer) => {
    if (!isAllowedOrigin(req.headers.origin)) answer(false, 403, 'Forbidden');
    else if (!isFree(req)) answer(false, 429, 'Too Many Requests', { 'retry-after': '10' });
    else answer(true);
  };
}

/**
 * What `connection_init` leads to: a connection with its viewer, or false and a closed socket. It never throws, because
 * graphql-ws would close with 4500, after which its client does not come back.
 */
export function createAdmission(parts: AdmissionParts, perViewer: Tally): (connection: Connection) => Promise<boolean> {
  const { config } = parts;
  return async ({ connectionParams, extra }) => {
    const { socket } = extra;
    const authorization = authorizationOf(connectionParams);
    const who = await identify(parts, authorization, socket);
    if (!who || socket.readyState !== socket.OPEN) return false;
    const { viewer, expiresAt } = who;
    const most = config.limits.socketsPerUser * (viewer.kind === 'service' ? SERVICE_FACTOR : 1);
    if (perViewer.count(viewerId(viewer)) >= most) {
      socket.close(CLOSE.TRY_LATER, 'Too many sockets');
      return false;
    }
    perViewer.holdUntilClosed(viewerId(viewer), socket);
    extra.viewer = viewer;
    if (expiresAt) closeAtExpiry(socket, expiresAt);
    else closeWhenRevoked(parts, authorization, socket);
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

function closeWhenRevoked(
  { authenticate, log }: AdmissionParts,
  authorization: string | undefined,
  socket: WebSocket,
): void {
  const recheck = async () => {
    try {
      await authenticate(authorization);
    } catch (error) {
      if (isBadToken(error)) socket.close(CLOSE.FORBIDDEN, 'Token revoked');
      else log.warn({ err: error }, 'A token could not be checked again.');
    }
  };
  const timer = setInterval(() => void recheck(), RECHECK_MS);
  socket.once('close', () => clearInterval(timer));
}

const isBadToken = (error: unknown): boolean => toApiError(error).code === 'UNAUTHENTICATED';
