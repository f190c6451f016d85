import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MikroORM } from '@mikro-orm/postgresql';
import express from 'express';
import type { Config } from '../config.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { createServiceAuthenticator } from './authentication.ts';
import { answerError } from './error-answer.ts';
import { createErrorFormat } from './error-format.ts';
import { apiError } from './errors.ts';
import { createMetricsPage } from './metrics-page.ts';
import { requestId } from './request-id.ts';

const REQUEST_TIMEOUT_MS = 10_000;

export interface MetricsListener {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Serves `/metrics` of a process that has no API, and nothing else.
 * @param parts.orm to look up the tokens of services
 * @throws when the port is taken
 */
export async function listenForMetrics(parts: {
  config: Pick<Config, 'env' | 'trustProxy' | 'limits'>;
  address: { host: string; port: number };
  orm: MikroORM;
  metrics: Metrics;
  log: Log;
}): Promise<MetricsListener> {
  const { config, address, orm, metrics, log } = parts;
  const authenticate = createServiceAuthenticator({ config, orm });
  const app = express().disable('x-powered-by').set('query parser', 'simple');
  app.use(requestId);
  app.get('/metrics', createMetricsPage({ config, authenticate, metrics }));
  app.use(() => {
    throw apiError('NOT_FOUND', { message: 'There is nothing at this path.' });
  });
  app.use(answerError(createErrorFormat(log)));
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS }, app);
  server.listen(address.port, address.host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return {
    url: `http://${host}:${port}`,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
