import { AssayError, errorOf, type SentError } from './errors.ts';
import { authorizationOf, type Operation, type Token } from './operation.ts';

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly SentError[];
}

/**
 * Sends one query or mutation. It is sent once: whether to send a mutation again is the caller's to decide, who has the
 * idempotency key.
 * @throws AssayError when the API refuses it, TypeError when it cannot be reached
 */
export async function send<Data, Variables>(
  endpoint: URL,
  token: Token,
  operation: Operation<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      authorization: await authorizationOf(token),
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json',
    },
    body: JSON.stringify({ query: operation.toString(), variables }),
  });
  const answer = await read(response);
  if (!answer) throw new AssayError('BAD_RESPONSE', `HTTP ${response.status} without an answer of the API.`);
  if (answer.errors?.length || !answer.data) throw errorOf(answer.errors ?? []);
  return answer.data as Data;
}

/** What stands between, such as a proxy, answers in forms of its own. */
async function read(response: Response): Promise<Answer | null> {
  try {
    const answer: unknown = await response.json();
    return typeof answer === 'object' ? answer : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
