import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { LanguageModel } from '../../src/runner/context.ts';

/** What a language model was asked, as it came. */
export interface Asked {
  path: string;
  headers: IncomingMessage['headers'];
  body: { model: string; messages: { role: string; content: string }[]; response_format: Record<string, unknown> };
  /** The whole body, to look for what must not be in it. */
  text: string;
  /** Resolves when the answer is given, or the connection closed before. */
  closed: Promise<unknown>;
}

type Reply = (response: ServerResponse, asked: Asked) => unknown;

export interface LanguageModelServer {
  origin: string;
  asked: Asked[];
  /** The same as a handler is told of it. */
  settings: LanguageModel;
  /** The same as a worker is told of it. */
  env: Record<string, string>;
}

/** Starts an endpoint of chat completions that gives these answers, one after the other, the last one for ever. */
export async function startLanguageModel(...replies: Reply[]): Promise<LanguageModelServer> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const closed = once(response, 'close');
    const one = {
      path: request.url ?? '',
      headers: request.headers,
      body: body && JSON.parse(body),
      text: body,
      closed,
    };
    asked.push(one);
    await replies[Math.min(asked.length, replies.length) - 1]?.(response, one);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [url, model, key] = [`${origin}/v1`, 'test-model:8b', 'a-key-that-nobody-may-see'];
  return {
    ...{ origin, asked },
    settings: { url, model, key, timeoutMs: 20_000 },
    env: { ASSAY_LLM_URL: url, ASSAY_LLM_MODEL: model, ASSAY_LLM_KEY: key },
  };
}

const USAGE = { prompt_tokens: 1_000, completion_tokens: 200, total_tokens: 1_200 };

/** Answers with this text. */
export const say =
  (content: string | null, { end = 'stop', usage = USAGE, ...message }: Record<string, unknown> = {}): Reply =>
  (response) =>
    give(response, {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      choices: [{ index: 0, finish_reason: end, message: { role: 'assistant', content, ...message } }],
      usage,
    });

/** Answers as it is asked to: with the draft, each text of it changed a little. */
export const wordWell: Reply = (response, asked) => say(JSON.stringify(proseFor(asked)))(response, asked);

/** Says nothing, for ever. */
export const keepSilent: Reply = () => undefined;

/** Answers with a status, and with what must not come further than here. */
export const refuse =
  (status: number, headers: Record<string, string> = {}): Reply =>
  (response) =>
    give(response, { error: { message: 'the key a-key-that-nobody-may-see is not welcome' } }, status, headers);

function give(response: ServerResponse, body: unknown, status = 200, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** The prose that is asked for, each text with a mark that it came from here. */
export function proseFor({ body }: Asked): Record<string, string | string[]> {
  const { draft } = JSON.parse(body.messages[1]?.content ?? '') as { draft: Record<string, string | string[]> };
  const mark = (text: string) => `In other words: ${text}`.slice(0, 1_000);
  return Object.fromEntries(
    Object.entries(draft).map(([name, value]) => [name, typeof value === 'string' ? mark(value) : value.map(mark)]),
  );
}
