import {
  ApolloServer,
  type ApolloServerOptions,
  type ApolloServerPlugin,
  type GraphQLRequestListener,
  HeaderMap,
  type HTTPGraphQLResponse,
} from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import type { FormattedExecutionResult, GraphQLFormattedError, GraphQLSchema } from 'graphql';
import type { Config } from '../config.ts';
import type { Context } from '../context.ts';
import type { Log } from '../log.ts';
import { nameSpan, SpanKind, traced } from '../trace.ts';
import { startDeadline } from './deadline.ts';
import type { FormatError } from './error-format.ts';
import { ERRORS, type ErrorCode, errorHeaders, isErrorCode } from './errors.ts';
import type { Preparation } from './preparation.ts';
import { rootFields } from './query-size.ts';

const NEW_FORM = 'application/graphql-response+json';

/** Codes that a client of the older `application/json` form finds in an answer of status 200. */
const WITHIN_200: readonly ErrorCode[] = [
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'QUERY_TOO_COMPLEX',
  'BAD_USER_INPUT',
];

/** Apollo Server behind our preparation; it owns no HTTP server and stops when it is told to. */
export function createApollo(parts: {
  schema: GraphQLSchema;
  config: Pick<Config, 'env' | 'limits'>;
  preparation: Preparation;
  formatError: FormatError;
  log: Log;
}): ApolloServer<Partial<Context>> {
  const { schema, config, preparation, formatError, log } = parts;
  const options: ApolloServerOptions<Partial<Context>> = {
    schema,
    formatError: (_formatted, error) => formatError(error),
    parseOptions: preparation.parseOptions,
    validationOptions: preparation.validationOptions,
    validationRules: preparation.validationRules,
    // Not Apollo's own rule: the same list of rules holds for the socket.
    introspection: true,
    hideSchemaDetailsFromClientErrors: true,
    includeStacktraceInErrorResponses: false,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    nodeEnv: config.env,
    logger: log.child({ part: 'apollo' }),
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      // It looks at each field of each answer, and none of ours may be kept.
      ApolloServerPluginCacheControlDisabled(),
      checks(preparation),
      status,
    ],
  };
  return new TimedApollo(options, { executionMs: config.limits.executionMs, formatError });
}

interface Timing {
  executionMs: number;
  formatError: FormatError;
}

/** Apollo Server that answers TIMEOUT to an operation that takes too long, and lets no further mutation of it begin. */
class TimedApollo extends ApolloServer<Partial<Context>> {
  readonly #timing: Timing;

  constructor(options: ApolloServerOptions<Partial<Context>>, timing: Timing) {
    super(options);
    this.#timing = timing;
  }

  override async executeHTTPGraphQLRequest(
    request: Parameters<ApolloServer<Partial<Context>>['executeHTTPGraphQLRequest']>[0],
  ): Promise<HTTPGraphQLResponse> {
    const { executionMs, formatError } = this.#timing;
    using deadline = startDeadline(executionMs);
    const { signal, lift: liftDeadline } = deadline;
    // Not as a copy: what a context makes when it is asked for would be made each time.
    const context = async () => Object.assign(await request.context(), { signal, liftDeadline });
    const parent = request.httpGraphQLRequest.headers.get('traceparent');
    const answer = traced('graphql', { kind: SpanKind.SERVER, parent }, () =>
      super.executeHTTPGraphQLRequest({ ...request, context }),
    );
    const accept = request.httpGraphQLRequest.headers.get('accept');
    return await Promise.race([answer, deadline.passed]).catch((error: unknown) => {
      if (error !== deadline.signal.reason) throw error;
      return errorResponse(formatError(error), accept);
    });
  }
}

function errorResponse(error: GraphQLFormattedError, accept: string | undefined): HTTPGraphQLResponse {
  const type = accept?.includes(NEW_FORM) ? NEW_FORM : 'application/json';
  return {
    status: ERRORS[error.extensions?.code as ErrorCode].status,
    headers: new HeaderMap([
      ['content-type', `${type}; charset=utf-8`],
      ['cache-control', 'no-store'],
    ]),
    body: { kind: 'complete', string: `${JSON.stringify({ errors: [error] })}\n` },
  };
}

const checks = (preparation: Preparation): ApolloServerPlugin<Partial<Context>> => ({
  requestDidStart: async () => ({
    validationDidStart:
      async ({ document }) =>
      async (errors) =>
        preparation.describeLiterals(document, errors ?? []),
    didResolveOperation: async ({ document, operation, request }) => {
      // Not the operation's name, which a client can make up anew each time.
      if (operation)
        nameSpan(`${operation.operation} ${rootFields(document, operation).map(({ name }) => name.value)}`);
      preparation.checkOperation('http', document, { ...request, query: request.query ?? '' });
    },
  }),
});

const status: ApolloServerPlugin<Partial<Context>> = {
  requestDidStart: async (): Promise<GraphQLRequestListener<Partial<Context>>> => ({
    willSendResponse: async ({ request, response, contextValue }) => {
      response.http.headers.set('cache-control', 'no-store');
      for (const [name, value] of contextValue.headers ?? []) response.http.headers.set(name, value);
      if (response.body.kind !== 'single') return;
      const code = decisiveCode(response.body.singleResult);
      response.http.status = code === undefined ? 200 : statusOf(code, request.http?.headers.get('accept'));
      for (const [name, value] of Object.entries(code ? errorHeaders(code) : {})) {
        if (!response.http.headers.has(name)) response.http.headers.set(name, value);
      }
    },
  }),
};

/**
 * The code that decides an answer's status: that of the first error, where the answer holds nothing else. An input that
 * a field refused is a fault of this field, not of the request, and stays within 200.
 */
function decisiveCode({ data, errors }: FormattedExecutionResult): ErrorCode | undefined {
  const [first] = errors ?? [];
  if (!first || Object.values(data ?? {}).some((value) => value !== null)) return undefined;
  const code = first.extensions?.code;
  if (!isErrorCode(code) || (code === 'BAD_USER_INPUT' && first.path)) return undefined;
  return code;
}

const statusOf = (code: ErrorCode, accept: string | undefined): number =>
  WITHIN_200.includes(code) && !acceptsNewForm(accept) ? 200 : ERRORS[code].status;

/** Whether a client knows `application/graphql-response+json`, or takes what comes: then the status tells the outcome. */
const acceptsNewForm = (accept: string | undefined): boolean =>
  accept === undefined || /\*\/\*|application\/\*|application\/graphql-response\+json/i.test(accept);
