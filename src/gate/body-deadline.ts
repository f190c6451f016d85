import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHandler } from 'express';

/**
 * Cuts a request whose body does not come to its end in time. The server's own limit is as long as an upload may take; a
 * few kilobytes of JSON need no such patience.
 */
export const bodyWithin =
  (limitMs: number): RequestHandler =>
  (request, response, next) => {
    if (!hasBody(request.headers)) return next();
    const cut = setTimeout(() => request.socket.destroy(), limitMs);
    const keep = () => clearTimeout(cut);
    request.once('end', keep).once('close', keep);
    response.once('close', keep);
    next();
  };

/** Nobody reads a body that is not there, so its end is never told. */
const hasBody = (headers: IncomingHttpHeaders): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
