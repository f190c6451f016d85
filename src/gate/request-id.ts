import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import { forRequest } from '../trace.ts';

const FORM = /^[\w.-]{1,64}$/;

/**
 * Gives every answer an `x-request-id`: the caller's own where it is one, so that it can be followed through proxies. The log
 * has it too, of what is done for the request here and, where it submits a job, in a worker.
 */
export const requestId: RequestHandler = (request, response, next) => {
  const given = request.get('x-request-id');
  const id = given !== undefined && FORM.test(given) ? given : randomUUID();
  response.setHeader('x-request-id', id);
  forRequest(id, next);
};
