/** What became of a request, as far as its sender can know. */
export type Answer<Data> =
  /** It was carried out, or refused by what it met: the payload says which. */
  | { outcome: 'answered'; data: Data }
  /** It was turned away before it could do anything. */
  | { outcome: 'refused'; code: string }
  /** It may have been carried out, or be carried out yet. */
  | { outcome: 'unknown'; reason: string };

const LIMIT_MS = 15_000;

/** Errors after which something may have been done all the same. */
const UNCERTAIN = ['SERVICE_UNAVAILABLE', 'TIMEOUT', 'INTERNAL_SERVER_ERROR'];

/** Sends one operation over HTTP. Never throws. */
export async function ask<Data>(
  url: string,
  token: string,
  query: string,
  variables: object = {},
): Promise<Answer<Data>> {
  try {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    return answerOf((await response.json()) as Body<Data>);
  } catch (error) {
    const reason = reasonOf(error);
    return reason === 'ECONNREFUSED' ? { outcome: 'refused', code: reason } : { outcome: 'unknown', reason };
  }
}

interface Body<Data> {
  data?: Data | null;
  errors?: { message: string; extensions: { code: string; errorId?: string } }[];
}

function answerOf<Data>({ data, errors }: Body<Data>): Answer<Data> {
  const [error] = errors ?? [];
  if (!error) return data ? { outcome: 'answered', data } : { outcome: 'unknown', reason: 'an answer without data' };
  const { code, errorId } = error.extensions;
  if (code === 'INTERNAL_SERVER_ERROR') return { outcome: 'unknown', reason: `${code} ${errorId}` };
  return UNCERTAIN.includes(code) ? { outcome: 'unknown', reason: code } : { outcome: 'refused', code };
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof Error ? cause.name : String(cause);
}
