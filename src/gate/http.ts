import type { ApolloServer } from '@apollo/server';
import { expressMiddleware } from '@as-integrations/express5';
import cors from 'cors';
import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';
import type { Config } from '../config.ts';
import type { Context, ContextOf } from '../context.ts';
import type { Metrics } from '../metrics.ts';
import { clientAddress } from './addresses.ts';
import type { Authenticate } from './authentication.ts';
import { bodyWithin } from './body-deadline.ts';
import { answerError } from './error-answer.ts';
import { type FormatError, toApiError } from './error-format.ts';
import { apiError } from './errors.ts';
import { graphiqlPage } from './graphiql.ts';
import { isNestedDeeper } from './json-depth.ts';
import { createMetricsPage } from './metrics-page.ts';
import type { IsAllowedOrigin } from './origins.ts';
import type { Preparation } from './preparation.ts';
import type { Asker } from './rates.ts';
import type { Readiness } from './readiness.ts';
import { requestId } from './request-id.ts';
import { createSharePages } from './share-page.ts';
import type { Shares } from './shares.ts';

/** Levels of a request's JSON around the JSON value of a variable: body, variables, input, field, and some for lists. */
const LEVELS_AROUND_A_VALUE = 16;
/** The types that a web page may send across origins without asking. */
const SIMPLE_TYPES = ['', 'text/plain', 'multipart/form-data', 'application/x-www-form-urlencoded'];
/** How long a request of JSON may take to come in. */
const JSON_WITHIN_MS = 30_000;
const PREFLIGHT_HEADERS = ['x-apollo-operation-name', 'apollo-require-preflight'];

export interface HttpParts {
  config: Pick<Config, 'env' | 'limits' | 'trustProxy'>;
  /** Started. */
  apollo: ApolloServer<Partial<Context>>;
  preparation: Preparation;
  authenticate: Authenticate;
  contextOf: ContextOf;
  formatError: FormatError;
  metrics: Metrics;
  isAllowedOrigin: IsAllowedOrigin;
  readiness: () => Promise<Readiness>;
  /** Answers `/graphql/stream`. */
  eventStream: RequestHandler;
  /** Answers below `/files`. */
  files: RequestHandler;
  /** What is open to those without a token. */
  shares: Shares;
  /** Answers `/`, and what a browser goes to below it. */
  dashboard: RequestHandler;
}

/** Everything that is served over HTTP. Every refusal is JSON in the one form of our errors. */
export function createHttp(parts: HttpParts): Express {
  const { config, isAllowedOrigin, readiness } = parts;
  const app = express();
  app.disable('x-powered-by').set('trust proxy', config.trustProxy).set('query parser', 'simple');
  // Files and pages have their own; what is answered here is never asked for again.
  app.disable('etag');
  app.use(requestId);
  app.use(helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } }));
  app.use(
    cors({
      origin: (origin, allow) => allow(null, isAllowedOrigin(origin)),
      methods: ['GET', 'POST', 'PUT'],
      exposedHeaders: ['x-request-id', 'retry-after', 'content-disposition', 'content-range', 'etag'],
      maxAge: 600,
    }),
  );
  app.get('/healthz', (_request, response) => void response.json({ status: 'ok' }));
  app.get('/readyz', async (_request, response) => {
    const state = await readiness();
    response.status(state.ready ? 200 : 503).json(state);
  });
  app.get('/metrics', createMetricsPage(parts));
  if (config.env === 'development') app.get('/graphiql', graphiqlPage());
  app.use('/files', parts.files);
  app.use('/share', createSharePages(parts.shares, addressOf(config)));
  app.use('/graphql', bodyWithin(JSON_WITHIN_MS));
  app.all(
    '/graphql',
    countOperations(parts.metrics),
    onlyGetAndPost,
    onlyUnforged,
    onlyJson,
    jsonBody(config.limits),
    graphql(parts),
  );
  app.all('/graphql/stream', onlyPost, onlyJsonType, jsonBody(config.limits), parts.eventStream);
  app.use(parts.dashboard);
  app.use(() => {
    throw apiError('NOT_FOUND', { message: 'There is nothing at this path.' });
  });
  app.use(answerError(parts.formatError));
  return app;
}

/** Who does not say who he is is counted by his address. */
const addressOf =
  ({ trustProxy }: HttpParts['config']) =>
  (request: Request): Asker => ({ kind: 'address', address: clientAddress(request, trustProxy).key });

function graphql({ apollo, authenticate, preparation, contextOf, shares, config }: HttpParts): RequestHandler {
  const askerOf = addressOf(config);
  return expressMiddleware(apollo, {
    context: async ({ req, res }) => {
      try {
        const who = await authenticate(req.headers.authorization);
        if (who) return contextOf(who.viewer, () => goneOf(res));
        if (!preparation.isOpenToAll(queryOf(req))) throw apiError('UNAUTHENTICATED');
        return { shares, asker: askerOf(req), headers: new Map() };
      } catch (error) {
        throw toApiError(error);
      }
    },
  });
}

/** Aborted when a response is closed: it was sent, or its client went away. */
function goneOf(response: Response): AbortSignal {
  const gone = new AbortController();
  if (response.closed) gone.abort();
  else response.once('close', () => gone.abort());
  return gone.signal;
}

const queryOf = (request: Request): unknown =>
  request.method === 'GET' ? request.query.query : (request.body as { query?: unknown } | undefined)?.query;

const countOperations =
  ({ operations }: Metrics): RequestHandler =>
  (_request, _response, next) => {
    operations.inc({ transport: 'http' });
    next();
  };

const onlyGetAndPost: RequestHandler = (request, response, next) => {
  if (request.method === 'GET' || request.method === 'POST') return next();
  response.set('allow', 'GET, POST');
  throw apiError('METHOD_NOT_ALLOWED');
};

/** A token comes in a header, which an `EventSource` cannot send: whoever can, can POST. */
const onlyPost: RequestHandler = (request, response, next) => {
  if (request.method === 'POST') return next();
  response.set('allow', 'POST');
  throw apiError('METHOD_NOT_ALLOWED');
};

const typeOf = (request: Request): string =>
  (request.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';

const onlyJsonType: RequestHandler = (request, _response, next) => {
  if (typeOf(request) === 'application/json') return next();
  throw apiError('UNSUPPORTED_MEDIA_TYPE');
};

/** Refused before Apollo would, whose sentence is too long for us to show and so would lack the header's name. */
const onlyUnforged: RequestHandler = (request, _response, next) => {
  const isForgeable = SIMPLE_TYPES.includes(typeOf(request)) && !PREFLIGHT_HEADERS.some((name) => request.get(name));
  if (!isForgeable) return next();
  throw apiError('BAD_REQUEST', {
    message:
      'Any web page could send this unasked. Send Content-Type: application/json, or, by GET, apollo-require-preflight: 1.',
  });
};

const onlyJson: RequestHandler = (request, _response, next) => {
  if (request.method === 'GET' || typeOf(request) === 'application/json') return next();
  throw apiError('UNSUPPORTED_MEDIA_TYPE');
};

const jsonBody = ({ bodyBytes, jsonDepth }: Config['limits']): RequestHandler =>
  express.json({
    limit: bodyBytes,
    verify: (_request, _response, body) => {
      if (isNestedDeeper(body, jsonDepth + LEVELS_AROUND_A_VALUE)) {
        throw Object.assign(new Error('nested too deep'), { type: 'entity.too.deep' });
      }
    },
  });
