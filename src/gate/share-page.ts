import type { Request, RequestHandler } from 'express';
import { apiError } from './errors.ts';
import type { Asker } from './rates.ts';
import { SHARE_POLICY, sharePage } from './share-template.ts';
import type { Shares } from './shares.ts';

/** The path of a share: its token and nothing else. */
const PATH = /^\/([\w-]+)(?:\?|$)/;

/**
 * Answers `/share/<token>`, with no token of the API: JSON for programs, a page for browsers. Nobody on the way keeps it, no
 * search engine lists it, and a link out of it does not tell where it stands.
 */
export function createSharePages(shares: Pick<Shares, 'find'>, askerOf: (request: Request) => Asker): RequestHandler {
  return async (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.set('allow', 'GET, HEAD');
      throw apiError('METHOD_NOT_ALLOWED');
    }
    response.vary('Accept').set({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-robots-tag': 'noindex, nofollow',
      'content-security-policy': SHARE_POLICY,
    });
    const type = request.accepts(['application/json', 'text/html']);
    if (!type) throw apiError('NOT_ACCEPTABLE');
    const [, token = ''] = PATH.exec(request.url) ?? [];
    const shared = await shares.find(token, askerOf(request));
    if (type === 'text/html') {
      response
        .status(shared ? 200 : 404)
        .type('html')
        .send(sharePage(shared));
      return;
    }
    if (!shared) throw apiError('NOT_FOUND', { message: 'There is nothing at this path.' });
    response.json(shared);
  };
}
