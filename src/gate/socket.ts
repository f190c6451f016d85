import type { Server } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { GraphQLError } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import type { Config } from '../config.ts';
import type { Metrics } from '../metrics.ts';
import { deliver, printPayload } from './delivery.ts';
import type { FormatError } from './error-format.ts';
import { apiError } from './errors.ts';
import {
  type Answers,
  prepareSubscription,
  reasonsOf,
  type SubscriptionParts,
  subscribeAnew,
} from './fresh-subscription.ts';
import { writeOnce } from './shared-text.ts';
import { type AdmissionParts, createAdmission, createHandshakeCheck } from './socket-admission.ts';
import { cutOff, limitMessages, limitSilence, messageCheck } from './socket-limits.ts';
import type { Viewer } from './viewer.ts';

const INIT_WAIT_MS = 3_000;
const KEEP_ALIVE_MS = 12_000;
const MAX_OPERATION_ID_LENGTH = 128;
/** How long a reader may leave a message unread. */
const STALLED_MS = 5_000;
/** How long clients get to answer the closing handshake when the server stops. */
const GOODBYE_MS = 2_000;

export interface SocketParts extends AdmissionParts, SubscriptionParts {
  config: Pick<Config, 'limits'>;
  server: Server;
  formatError: FormatError;
  metrics: Metrics;
}

export interface Sockets {
  /** Tells every client 1001 and waits for their goodbye, 2 seconds at most. */
  stop(): Promise<void>;
}

/**
 * Serves the WebSocket of `/graphql`: subscriptions over `graphql-transport-ws`, for those who say who they are in
 * `connection_init`. Operations pass the same preparation as over HTTP; what is here belongs to a connection that lasts.
 */
export function serveSockets(parts: SocketParts): Sockets {
  const { places, formatError, metrics, log } = parts;
  const { limits } = parts.config;
  const payloadOf = writeOnce(formatError, printPayload);
  const sockets = new WebSocketServer({
    server: parts.server,
    path: '/graphql',
    maxPayload: limits.messageBytes,
    // Answers are written as frames that are not compressed.
    perMessageDeflate: false,
    verifyClient: createHandshakeCheck(parts),
  });
  sockets.on('connection', (socket, request) => {
    places.holdAddress(request, socket);
    metrics.connections.inc({ transport: 'socket' });
    socket.once('close', () => metrics.connections.dec({ transport: 'socket' }));
    limitSilence(socket, STALLED_MS);
    limitMessages(socket, { perSecond: limits.messagesPerSecond, burst: limits.messagesBurst });
  });

  const served = useServer<Record<string, unknown>, { viewer?: Viewer }>(
    {
      connectionInitWaitTimeout: INIT_WAIT_MS,
      jsonMessageReviver: messageCheck(limits.jsonDepth, MAX_OPERATION_ID_LENGTH),
      onConnect: createAdmission(parts),
      onSubscribe: ({ extra, subscriptions }, _id, request) => {
        metrics.operations.inc({ transport: 'socket' });
        if (!extra.viewer) return [apiError('UNAUTHENTICATED')];
        if (Object.keys(subscriptions).length > limits.subscriptionsPerSocket)
          return [apiError('TOO_MANY_SUBSCRIPTIONS')];
        return prepareSubscription(parts, extra.viewer, request);
      },
      subscribe: (args) => subscribeAnew(args, parts),
      onOperation: ({ extra: { socket, request } }, id, _request, _args, results) => {
        const onNext = () => socket.bufferedAmount > limits.bufferedBytes && cutOff(socket, 'Slow consumer');
        const to = { socket, link: request.socket, stalledMs: STALLED_MS };
        return deliver(results as Answers, { ...to, id, payloadOf, onNext });
      },
      onError: (_connection, _id, _request, errors) => errors.flatMap(reasonsBehind).map(formatError),
    },
    sockets,
    KEEP_ALIVE_MS,
  );
  // graphql-ws prints each broken frame of a client to the console, as if it were a fault of the server.
  sockets.on('connection', (socket) => {
    socket.removeAllListeners('error');
    socket.on('error', (error) => log.debug({ err: error }, 'A client broke the WebSocket protocol.'));
  });

  return {
    async stop() {
      const clients = [...sockets.clients];
      const closed = served.dispose();
      await Promise.race([closed, wait(GOODBYE_MS)]);
      for (const client of clients) client.terminate();
      await closed;
    },
  };
}

/** The errors behind the one that graphql-ws makes of a stream that failed. */
function reasonsBehind(error: GraphQLError): readonly unknown[] {
  const reasons = reasonsOf(error.originalError);
  return reasons[0] === error.originalError ? [error] : reasons;
}
