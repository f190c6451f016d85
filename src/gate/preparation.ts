import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  NoSchemaIntrospectionCustomRule,
  OperationTypeNode,
  type ParseOptions,
  parse,
  specifiedRules,
  type ValidationRule,
  validate,
} from 'graphql';
import type { Config } from '../config.ts';
import { type ApiError, apiError, badInput, describeFaults } from './errors.ts';
import { isLiteralError, literalFault, variableFaults } from './input-faults.ts';
import { exceededLimit, measureOperation, rootFields } from './query-size.ts';
import { Remembered } from './remembered.ts';
import { SubscriptionConditionsRule } from './subscription-conditions.ts';

/** What a client asks to be done, before anything of it is believed. */
export interface OperationRequest {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** Which operations a transport serves: an event stream serves those of a socket. */
export type Transport = 'http' | 'socket';

const MAX_VALIDATION_ERRORS = 5;
/** Of subscriptions that are valid; clients have few, but may make up any number. */
const REMEMBERED_DOCUMENTS = 100;
/** What needs no token: it opens nothing but to who has a link. */
const OPEN_FIELD = 'sharedResult';

export type Preparation = ReturnType<typeof createPreparation>;

/**
 * All checks between a text and its execution. Both transports go through this one place, so that what one refuses the
 * other cannot accept: parsing with a limit of tokens, validation, size, and the shape of the variables.
 *
 * Apollo runs the first two itself and gets its options from here; the socket calls {@link Preparation.prepare}.
 */
export function createPreparation(schema: GraphQLSchema, config: Pick<Config, 'env' | 'limits'>) {
  const { env, limits } = config;
  const parseOptions: ParseOptions = { maxTokens: limits.queryTokens };
  const validationOptions = { maxErrors: MAX_VALIDATION_ERRORS, hideSuggestions: true };
  const closed = env === 'production' ? [NoSchemaIntrospectionCustomRule] : [];
  const validationRules: ValidationRule[] = [SubscriptionConditionsRule, ...closed];

  /** Puts the place and the rule in the stead of graphql-js's sentence wherever that repeats a literal. */
  function describeLiterals(document: DocumentNode, errors: readonly Error[]): void {
    for (const error of errors.filter(isLiteralError)) {
      const details = [literalFault(schema, document, error)];
      Object.assign(error, { message: describeFaults(details) });
      Object.assign(error.extensions, { details });
    }
  }

  /**
   * Checks a valid document's operation: that the transport serves it, that it is not too large, and that its variables
   * have the right shape.
   * @throws BAD_REQUEST, QUERY_TOO_COMPLEX, BAD_USER_INPUT
   */
  function checkOperation(transport: Transport, document: DocumentNode, request: OperationRequest): void {
    const operation = getOperationAST(document, request.operationName);
    if (!operation) throw apiError('BAD_REQUEST', { message: 'The document has no such operation.' });
    const refusal = refusedOperation(transport, operation.operation);
    if (refusal) throw refusal;
    const variables = request.variables ?? {};
    const size = measureOperation(schema, document, operation, variables, limits.pageSize);
    const found = operation.operation === OperationTypeNode.MUTATION ? rootFields(document, operation).length : 0;
    const exceeded =
      found > limits.rootMutations
        ? { limit: 'rootMutations', maximum: limits.rootMutations, found }
        : exceededLimit(size, limits);
    if (exceeded) throw apiError('QUERY_TOO_COMPLEX', { details: exceeded });
    const faults = variableFaults(schema, operation, variables);
    if (faults.length > 0) throw badInput(...faults);
  }

  /**
   * Whether an anonymous caller may have this: introspection and `__typename`, so that a tool can look around, and the one
   * query that is open to all. A text that cannot be parsed is let through to the error it deserves.
   */
  function isOpenToAll(query: unknown): boolean {
    if (typeof query !== 'string') return true;
    const document = tryParse(query, parseOptions);
    if (document instanceof GraphQLError) return true;
    return document.definitions
      .filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
      .every((operation) => {
        const isQuery = operation.operation === OperationTypeNode.QUERY;
        const names = rootFields(document, operation).map(({ name }) => name.value);
        return names.every((name) => name.startsWith('__') || (isQuery && name === OPEN_FIELD));
      });
  }

  /** By their texts. Those that ask for the same share one document: each subscription keeps its own for as long as it lasts. */
  const validDocuments = new Remembered<string, DocumentNode>(REMEMBERED_DOCUMENTS);

  /** Parses and checks an operation for a socket or an event stream. Never throws: the errors are the answer. */
  function prepare(request: OperationRequest): DocumentNode | readonly GraphQLError[] {
    const known = validDocuments.get(request.query);
    const document = known ?? tryParse(request.query, parseOptions);
    if (document instanceof GraphQLError) return [document];
    const refusal = refusedOperation('socket', getOperationAST(document, request.operationName)?.operation);
    if (refusal) return [refusal];
    const rules = [...specifiedRules, ...validationRules];
    const errors = known ? [] : validate(schema, document, rules, validationOptions);
    describeLiterals(document, errors);
    if (errors.length > 0) return errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED'));
    validDocuments.set(request.query, document);
    try {
      checkOperation('socket', document, request);
      return document;
    } catch (error) {
      if (error instanceof GraphQLError) return [error];
      throw error;
    }
  }

  return { parseOptions, validationOptions, validationRules, describeLiterals, checkOperation, isOpenToAll, prepare };
}

function refusedOperation(transport: Transport, operation: OperationTypeNode | undefined): ApiError | undefined {
  const isSubscription = operation === OperationTypeNode.SUBSCRIPTION;
  if (operation === undefined || isSubscription === (transport === 'socket')) return undefined;
  const message = isSubscription
    ? 'Subscriptions are served over WebSocket, and by /graphql/stream.'
    : 'Only subscriptions are served here; queries and mutations by POST to /graphql.';
  return apiError('BAD_REQUEST', { message });
}

function tryParse(query: string, options: ParseOptions): DocumentNode | GraphQLError {
  try {
    return parse(query, options);
  } catch (error) {
    if (error instanceof GraphQLError) return withCode(error, 'GRAPHQL_PARSE_FAILED');
    throw error;
  }
}

function withCode(error: GraphQLError, code: 'GRAPHQL_PARSE_FAILED' | 'GRAPHQL_VALIDATION_FAILED'): GraphQLError {
  Object.assign(error.extensions, { code });
  return error;
}
