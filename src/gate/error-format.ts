import { randomUUID } from 'node:crypto';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Log } from '../log.ts';
import { failSpan } from '../trace.ts';
import { databaseErrorCode } from './database-errors.ts';
import {
  ApiError,
  type ApiErrorOptions,
  badInput,
  ERRORS,
  type ErrorCode,
  type InputFault,
  isErrorCode,
} from './errors.ts';

const MAX_MESSAGE_LENGTH = 300;
const MAX_CAUSES = 8;

/** Codes of the libraries under us that have a word of ours. */
const aliases: Readonly<Record<string, ErrorCode>> = {
  UNAUTHORIZED: 'FORBIDDEN',
  OPERATION_RESOLUTION_FAILURE: 'BAD_REQUEST',
  PERSISTED_QUERY_NOT_FOUND: 'BAD_REQUEST',
  PERSISTED_QUERY_NOT_SUPPORTED: 'BAD_REQUEST',
};
const byHttpStatus: Readonly<Record<number, ErrorCode>> = {
  405: 'METHOD_NOT_ALLOWED',
  406: 'NOT_ACCEPTABLE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
};

/** Turns whatever was thrown into what a client may see. */
export type FormatError = (error: unknown) => GraphQLFormattedError;

/**
 * The one form of every error of both transports: `{ message, path?, locations?, extensions: { code, errorId,
 * retryable, retryAfterMs?, details? } }`.
 *
 * An error that is not known is INTERNAL_SERVER_ERROR with nothing of its own in it; the log has the rest under the same
 * `errorId`.
 * @param onError hears of the code of each
 */
export function createErrorFormat(log: Log, onError: (code: ErrorCode) => void = () => undefined): FormatError {
  return (error) => {
    const errorId = randomUUID();
    const { code, message = ERRORS[code].message, details, retryAfterMs } = classify(error);
    report(log, code, errorId, error);
    if (ERRORS[code].status >= 500) failSpan(code, errorId);
    onError(code);
    const place = error instanceof GraphQLError ? error : undefined;
    return {
      message,
      ...(place?.locations && { locations: place.locations }),
      ...(place?.path && { path: place.path }),
      extensions: {
        code,
        errorId,
        retryable: ERRORS[code].retryable,
        ...(retryAfterMs !== undefined && { retryAfterMs }),
        ...(details && { details }),
      },
    };
  };
}

/** The same for code that goes on: an error that is not known becomes INTERNAL_SERVER_ERROR, with its cause kept. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const { code, ...options } = classify(error);
  return new ApiError(code, { ...options, cause: error });
}

function report(log: Log, code: ErrorCode, errorId: string, error: unknown): void {
  const err = causesOf(error).at(-1) ?? error;
  if (code === 'INTERNAL_SERVER_ERROR') log.error({ errorId, err }, 'An operation failed.');
  else if (ERRORS[code].status >= 503) log.warn({ errorId, code, err }, 'An operation could not be done.');
  else log.debug({ errorId, code }, 'An operation was refused.');
}

type Verdict = { code: ErrorCode } & Pick<ApiErrorOptions, 'message' | 'details' | 'retryAfterMs'>;

function classify(error: unknown): Verdict {
  const causes = causesOf(error);
  const ours = causes.find((cause) => cause instanceof ApiError);
  if (ours) return ours;
  const [first] = causes;
  if (first instanceof GraphQLError && !first.path) {
    const verdict = requestVerdict(first);
    if (verdict) return verdict;
  }
  for (const cause of causes) {
    const verdict = argumentVerdict(cause) ?? foreignVerdict(cause);
    if (verdict) return verdict;
  }
  return { code: 'INTERNAL_SERVER_ERROR' };
}

interface RequestErrorExtensions {
  code?: unknown;
  details?: readonly InputFault[];
  http?: { status?: number };
}

/** Errors of Apollo and graphql-js before execution. Their sentences hold names, not values, once they are cleaned. */
function requestVerdict(error: GraphQLError): Verdict | undefined {
  const { code, details, http } = error.extensions as RequestErrorExtensions;
  if (code === 'GRAPHQL_PARSE_FAILED') return { code, message: withoutTokens(error.message) };
  if (code === 'GRAPHQL_VALIDATION_FAILED') return { code, message: withoutSuggestion(error.message), details };
  if (code !== 'BAD_REQUEST') return undefined;
  const precise = byHttpStatus[http?.status ?? 400];
  return precise ? { code: precise } : { code, message: withoutSuggestion(error.message) };
}

/** graphql-js prints the literal of an argument that turned out wrong in execution, when its variables were known. */
function argumentVerdict(error: Error): Verdict | undefined {
  if (!(error instanceof GraphQLError)) return undefined;
  const [, name] = /^Argument "(\w+)" (?:has invalid value|of (?:required|non-null) type) /.exec(error.message) ?? [];
  if (name === undefined || error.originalError) return undefined;
  const { code, message, details } = badInput({ path: [name], rule: 'is not valid' });
  return { code, message, details };
}

function foreignVerdict(error: Error): Verdict | undefined {
  const named = error instanceof GraphQLError ? error.extensions.code : undefined;
  if (isErrorCode(named)) return { code: named };
  if (typeof named === 'string' && Object.hasOwn(aliases, named)) return { code: aliases[named] ?? 'BAD_REQUEST' };
  if (error.name === 'TimeoutError') return { code: 'TIMEOUT' };
  // Given up: this process stops, or nobody waits for it any more.
  if (error.name === 'AbortError') return { code: 'SERVICE_UNAVAILABLE' };
  const code = databaseErrorCode(error);
  return code && { code };
}

/** The error and what it was made from, outermost first. */
function causesOf(error: unknown): Error[] {
  const causes: Error[] = [];
  let next = error;
  while (next instanceof Error && causes.length < MAX_CAUSES) {
    causes.push(next);
    next = (next instanceof GraphQLError && next.originalError) || next.cause || ('previous' in next && next.previous);
  }
  return causes;
}

/** A syntax error names the token it met; of one that is a value only the sort is kept. */
const withoutTokens = (message: string): string =>
  shortened(message.replace(/\b(String|BlockString|Int|Float) ".*"/s, '$1').replace(/, got: ".*"/s, ''));

/** Suggestions tell names of the schema to those who guess. */
const withoutSuggestion = (message: string): string => shortened(message.replace(/ ?Did you mean .*$/s, ''));

const shortened = (message: string): string =>
  message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH)}…` : message;
