import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';

const FORM = /^[\w.-]{1,64}$/;

/** Gives every answer an `x-request-id`: the caller's own where it is one, so that it can be followed through proxies. */
export const requestId: RequestHandler = (request, response, next) => {
  const given = request.get('x-request-id');
  response.setHeader('x-request-id', given !== undefined && FORM.test(given) ? given : randomUUID());
  next();
};
