import { HeaderMap } from '@apollo/server';
import { GraphQLError } from 'graphql';

interface ErrorKind {
  /** The HTTP status of an answer without data. A field's error beside data leaves the answer at 200. */
  readonly status: number;
  /** Whether the same request may succeed later without a change. */
  readonly retryable: boolean;
  readonly message: string;
}

/**
 * Every code that a top-level error can carry, on both transports. Outcomes that a mutation expects are `userErrors` in
 * its payload and not here.
 */
export const ERRORS = {
  UNAUTHENTICATED: kind(401, 'A valid bearer token is required.'),
  FORBIDDEN: kind(403, 'You may not do this.'),
  NOT_FOUND: kind(200, 'There is nothing with this id.'),
  BAD_USER_INPUT: kind(400, 'The input is not valid.'),
  BAD_REQUEST: kind(400, 'The request is not valid.'),
  METHOD_NOT_ALLOWED: kind(405, 'This HTTP method is not allowed here.'),
  NOT_ACCEPTABLE: kind(406, 'None of the accepted media types can be produced.'),
  UNSUPPORTED_MEDIA_TYPE: kind(415, 'Send application/json in UTF-8.'),
  PAYLOAD_TOO_LARGE: kind(413, 'The request is too large.'),
  QUERY_TOO_COMPLEX: kind(400, 'The operation is too complex.'),
  GRAPHQL_PARSE_FAILED: kind(400, 'The document is not valid GraphQL.'),
  GRAPHQL_VALIDATION_FAILED: kind(400, 'The document does not fit the schema.'),
  RATE_LIMITED: kind(429, 'Too many requests.', true),
  TOO_MANY_SUBSCRIPTIONS: kind(429, 'This socket has too many subscriptions.', true),
  SERVICE_UNAVAILABLE: kind(503, 'The service is not available at the moment.', true),
  TIMEOUT: kind(504, 'The request took too long.', true),
  INTERNAL_SERVER_ERROR: kind(500, 'Something went wrong on our side.'),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

/** One fault of the input: where it is and which rule it breaks. It never holds the value. */
export interface InputFault {
  readonly path: readonly (string | number)[];
  readonly rule: string;
}

/** A limit of the gate and what the operation asked for. */
export interface LimitFault {
  readonly limit: string;
  readonly maximum: number;
  readonly found: number;
}

export interface ApiErrorOptions {
  /** Replaces the code's own sentence. Never put an input value or a foreign message in it. */
  readonly message?: string;
  readonly details?: readonly InputFault[] | LimitFault;
  /** Milliseconds after which another try makes sense; HTTP answers carry it as `Retry-After`. */
  readonly retryAfterMs?: number;
  /** The cause, for the log only. */
  readonly cause?: unknown;
}

/** An error with one of our codes. Thrown anywhere behind the gate, it reaches the client as it is. */
export class ApiError extends GraphQLError {
  readonly code: ErrorCode;
  readonly details: ApiErrorOptions['details'];
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, options: ApiErrorOptions = {}) {
    const { message = ERRORS[code].message, details, retryAfterMs, cause } = options;
    // From here Apollo takes the headers, and the status of an answer to a request that never became an operation.
    const http = {
      status: ERRORS[code].status,
      headers: new HeaderMap(Object.entries(errorHeaders(code, retryAfterMs))),
    };
    const extensions: Record<string, unknown> = { code, http };
    super(message, { originalError: cause instanceof Error ? cause : null, extensions });
    this.name = 'ApiError';
    this.code = code;
    this.details = details;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The statuses whose answers always say when to come back. */
const SAYS_WHEN: readonly number[] = [429, 503];

/** The HTTP headers that belong to an error, in lower case. */
export function errorHeaders(code: ErrorCode, retryAfterMs?: number): Record<string, string> {
  if (code === 'UNAUTHENTICATED') return { 'www-authenticate': 'Bearer' };
  if (retryAfterMs === undefined && !SAYS_WHEN.includes(ERRORS[code].status)) return {};
  return { 'retry-after': String(Math.ceil((retryAfterMs ?? 1_000) / 1_000)) };
}

/** Makes an {@link ApiError}. */
export const apiError = (code: ErrorCode, options?: ApiErrorOptions): ApiError => new ApiError(code, options);

/** A BAD_USER_INPUT that names the faults of an argument. */
export const badInput = (...details: InputFault[]): ApiError =>
  apiError('BAD_USER_INPUT', { message: describeFaults(details), details });

/** `input.riasec.realistic must be of type Int; …`: the faults of an input in one sentence, without values. */
export function describeFaults(faults: readonly InputFault[]): string {
  const shown = faults.slice(0, 3).map(({ path, rule }) => `${printPath(path) || 'A value'} ${rule}`);
  return `${shown.join('; ')}${faults.length > shown.length ? '; …' : '.'}`;
}

/** Whether a word is one of our codes. */
export const isErrorCode = (word: unknown): word is ErrorCode =>
  typeof word === 'string' && Object.hasOwn(ERRORS, word);

function kind(status: number, message: string, retryable = false): ErrorKind {
  return { status, retryable, message };
}

const printPath = (path: InputFault['path']): string =>
  path.map((key, index) => (typeof key === 'number' ? `[${key}]` : index ? `.${key}` : key)).join('');
