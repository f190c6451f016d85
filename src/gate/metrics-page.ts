import type { RequestHandler } from 'express';
import type { Config } from '../config.ts';
import type { Metrics } from '../metrics.ts';
import { clientAddress } from './addresses.ts';
import type { Authenticate } from './authentication.ts';
import { holds } from './authorization.ts';
import { apiError } from './errors.ts';

export interface MetricsPageParts {
  config: Pick<Config, 'env' | 'trustProxy'>;
  authenticate: Authenticate;
  metrics: Metrics;
}

/**
 * Answers `/metrics` for services with the scope `jobs:read`; in development for everybody on this machine as well.
 * @throws UNAUTHENTICATED, FORBIDDEN, SERVICE_UNAVAILABLE
 */
export function createMetricsPage({ config, authenticate, metrics }: MetricsPageParts): RequestHandler {
  const isOpenTo = (request: Parameters<RequestHandler>[0]) =>
    config.env === 'development' && clientAddress(request, config.trustProxy).isLoopback;
  return async (request, response) => {
    if (!isOpenTo(request)) {
      const who = await authenticate(request.headers.authorization);
      if (!who) throw apiError('UNAUTHENTICATED');
      if (!holds(who.viewer, 'jobs:read')) throw apiError('FORBIDDEN');
    }
    const text = await metrics.print();
    response.set({ 'content-type': metrics.registry.contentType, 'cache-control': 'no-store' }).end(text);
  };
}
