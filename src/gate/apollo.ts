import { ApolloServer, type ApolloServerPlugin, type GraphQLRequestListener } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import type { FormattedExecutionResult, GraphQLSchema } from 'graphql';
import type { Config } from '../config.ts';
import type { Context } from '../context.ts';
import type { Log } from '../log.ts';
import type { FormatError } from './error-format.ts';
import { ERRORS, type ErrorCode, errorHeaders, isErrorCode } from './errors.ts';
import type { Preparation } from './preparation.ts';

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
  config: Pick<Config, 'env'>;
  preparation: Preparation;
  formatError: FormatError;
  log: Log;
}): ApolloServer<Partial<Context>> {
  const { schema, config, preparation, formatError, log } = parts;
  return new ApolloServer<Partial<Context>>({
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
    plugins: [ApolloServerPluginLandingPageDisabled(), checks(preparation), status],
  });
}

const checks = (preparation: Preparation): ApolloServerPlugin<Partial<Context>> => ({
  requestDidStart: async () => ({
    validationDidStart:
      async ({ document }) =>
      async (errors) =>
        preparation.describeLiterals(document, errors ?? []),
    didResolveOperation: async ({ document, request }) =>
      preparation.checkOperation('http', document, { ...request, query: request.query ?? '' }),
  }),
});

const status: ApolloServerPlugin<Partial<Context>> = {
  requestDidStart: async (): Promise<GraphQLRequestListener<Partial<Context>>> => ({
    willSendResponse: async ({ request, response }) => {
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
