/** An error as the API sends it. */
export interface SentError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: { readonly code?: string; readonly retryable?: boolean; readonly retryAfterMs?: number };
}

/**
 * What the API refused as a whole. Outcomes that a mutation expects are in its `userErrors` instead, and a server that
 * cannot be reached is a `TypeError` of `fetch`.
 */
export class AssayError extends Error {
  override readonly name = 'AssayError';
  /** A code of the API, such as `NOT_FOUND`; `BAD_RESPONSE` or `SOCKET_CLOSED` where the answer was none of the API's. */
  readonly code: string;
  /** The errors as they were sent. */
  readonly errors: readonly SentError[];

  constructor(code: string, message: string, errors: readonly SentError[] = [], cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.errors = errors;
  }
}

/** One error for those of an answer; the first decides the code. */
export function errorOf(errors: readonly SentError[]): AssayError {
  const code = errors[0]?.extensions?.code ?? 'BAD_RESPONSE';
  const sentences = errors.map(({ message }) => message).join('; ');
  return new AssayError(code, `${code}: ${sentences || 'The answer holds no data.'}`, errors);
}

/** Whether the API says that the same may succeed later. */
export const mayPass = (errors: readonly SentError[]): boolean =>
  errors.length > 0 && errors.every(({ extensions }) => extensions?.retryable === true);
