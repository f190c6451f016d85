import type { LanguageModel } from '../../../runner/context.ts';
import { KindError } from '../../kind.ts';
import { type Answer, notAsAgreed, readAnswer } from './answer.ts';
import { connectionError, modelError, statusError } from './failures.ts';
import { narrowFetch } from './narrow-fetch.ts';
import type { Message } from './prompt.ts';

/** How often a question is put again where nobody answered, or with 408, 409, 429 or 5xx. */
const RETRIES = 2;

/**
 * Puts one question to the model.
 * @param schema the form of the answer, as JSON Schema; an endpoint may ignore it
 * @throws KindError with the code UPSTREAM_ERROR where no answer can be had; the signal's reason when it is aborted
 */
export async function ask(
  endpoint: LanguageModel,
  { messages, schema }: { messages: readonly Message[]; schema: Record<string, unknown> },
  signal: AbortSignal,
): Promise<Answer> {
  // Only where it is needed: it is large, and every thread and API process would hold it.
  const sdk = await import('openai');
  const client = new sdk.OpenAI({
    baseURL: endpoint.url,
    maxRetries: RETRIES,
    fetch: narrowFetch(endpoint),
    // It cannot do without one; what is sent is up to our fetch. What follows would be taken from the environment.
    apiKey: endpoint.key ?? 'none',
    ...{ adminAPIKey: null, organization: null, project: null, webhookSecret: null, logLevel: 'off' },
  });
  // The SDK's own limit begins anew with each try.
  const patience = AbortSignal.timeout(endpoint.timeoutMs);
  const json_schema = { name: 'report', strict: true, schema };
  try {
    const body = await client.chat.completions.create(
      { model: endpoint.model, messages: [...messages], response_format: { type: 'json_schema', json_schema } },
      { signal: AbortSignal.any([signal, patience]) },
    );
    return readAnswer(body);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (patience.aborted) throw tooSlow(endpoint);
    throw error instanceof sdk.APIError ? failureOf(error) : unreadable(error);
  }
}

const tooSlow = ({ timeoutMs }: LanguageModel) =>
  modelError(`The language model took longer than ${timeoutMs / 1_000} seconds`, { isPassing: true });

const failureOf = (error: Error & { status?: number | undefined }) =>
  error.status === undefined ? connectionError(error) : statusError(error.status);

/** What comes of a body that cannot be read to its end. */
function unreadable(error: unknown): unknown {
  if (error instanceof KindError) return error;
  if (error instanceof SyntaxError) return notAsAgreed(error);
  const isCut = error instanceof TypeError && error.message === 'terminated';
  return isCut ? modelError('The language model broke off in the middle of its answer', { isPassing: true }) : error;
}
