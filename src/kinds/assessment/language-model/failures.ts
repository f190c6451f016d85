import { KindError } from '../../kind.ts';

/** The model cannot write the report. Without `isPassing`, another attempt would end the same way, and cost as much. */
export const modelError = (
  message: string,
  { isPassing = false, cause }: { isPassing?: boolean; cause?: unknown } = {},
) => new KindError(message, { code: 'UPSTREAM_ERROR', retryable: isPassing, cause });

/** By the status alone: what such an answer says may repeat the key. */
export function statusError(status: number): KindError {
  if (status < 400) return modelError('The language model leads to another address, which is refused');
  if (status === 401 || status === 403) return modelError(`The language model did not take the key (${status})`);
  if (status === 404) return modelError('The endpoint knows no such model, or is none (404)');
  return modelError(`The language model answered ${status}`, { isPassing: isPassing(status) });
}

const isPassing = (status: number) => [408, 409, 429].includes(status) || status >= 500;

/** By the code of the fault alone: the rest of such an error names addresses. */
export function connectionError(error: unknown): KindError {
  const code = codeOf(error);
  const why = code === undefined ? '' : ` (${code})`;
  return modelError(`The language model could not be reached${why}`, { isPassing: true, cause: error });
}

/** Of the error itself or of what caused it. */
function codeOf(error: unknown): string | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ('code' in each && /^[A-Z_]{1,40}$/.test(String(each.code))) return String(each.code);
  }
  return undefined;
}
