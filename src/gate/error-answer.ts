import type { ErrorRequestHandler } from 'express';
import type { FormatError } from './error-format.ts';
import { apiError, ERRORS, type ErrorCode, errorHeaders } from './errors.ts';

/** Answers whatever a handler threw, as JSON in the one form of our errors. */
export const answerError =
  (formatError: FormatError): ErrorRequestHandler =>
  (error: unknown, _request, response, next) => {
    if (response.headersSent) return next(error);
    const formatted = formatError(bodyError(error));
    const { code, retryAfterMs } = formatted.extensions as { code: ErrorCode; retryAfterMs?: number };
    response.set(errorHeaders(code, retryAfterMs));
    // A path that leads nowhere is no field: here NOT_FOUND has the status that HTTP gives it.
    const status = code === 'NOT_FOUND' ? 404 : ERRORS[code].status;
    response.status(response.statusCode === 416 ? 416 : status).json({ errors: [formatted] });
  };

/** What express reports of a body or path that it could not read. */
function bodyError(error: unknown): unknown {
  const { status, type } = (error ?? {}) as { status?: unknown; type?: unknown };
  if (typeof status !== 'number' || status >= 500) return error;
  if (type === 'entity.too.deep') return apiError('BAD_USER_INPUT', { message: 'The JSON is nested too deep.' });
  if (status === 413) return apiError('PAYLOAD_TOO_LARGE');
  if (status === 415) return apiError('UNSUPPORTED_MEDIA_TYPE');
  return apiError('BAD_REQUEST', { message: 'The request could not be read.' });
}
