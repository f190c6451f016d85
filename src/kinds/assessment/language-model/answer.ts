import { z } from 'zod';
import type { ModelEngine } from '../report.ts';
import { modelError } from './failures.ts';

export interface Answer {
  text: string;
  usage: ModelEngine['usage'];
}

/** Two answers together still fit a GraphQL `Int`. */
const tokens = z.int().min(0).max(1_000_000_000);

const choice = z.object({
  finish_reason: z.string().nullish(),
  message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
});

const completion = z.object({
  choices: z.tuple([choice], choice),
  usage: z.object({ prompt_tokens: tokens, completion_tokens: tokens }).nullish().catch(null),
});

/** What a chat completion says. @throws KindError where it is none, or was not brought to its end */
export function readAnswer(body: unknown): Answer {
  const parsed = completion.safeParse(body);
  if (!parsed.success) throw notAsAgreed();
  const { choices, usage } = parsed.data;
  const [{ finish_reason: end, message }] = choices;
  if (message.refusal) throw modelError('The language model refused to write the report');
  if (end === 'content_filter') throw modelError('The answer of the language model was held back by a filter');
  if (end === 'length') throw modelError('The answer of the language model was cut off at its greatest length');
  return {
    text: message.content ?? '',
    usage: usage ? { promptTokens: usage.prompt_tokens, completionTokens: usage.completion_tokens } : null,
  };
}

/** A page of maintenance, as a rule, and gone tomorrow. */
export const notAsAgreed = (cause?: unknown) =>
  modelError('The endpoint answered with something that is no chat completion', { isPassing: true, cause });

/** The tokens of two answers together; not known where one of them does not tell. */
export function sumOf(one: Answer['usage'], other: Answer['usage']): Answer['usage'] {
  if (!one || !other) return null;
  return {
    promptTokens: one.promptTokens + other.promptTokens,
    completionTokens: one.completionTokens + other.completionTokens,
  };
}
