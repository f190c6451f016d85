import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ask } from '../../../../src/kinds/assessment/language-model/ask.ts';
import type { LanguageModel } from '../../../../src/runner/context.ts';
import { keepSilent, refuse, say, startLanguageModel } from '../../../support/language-model.ts';
import { holdTimeLimit } from '../../../support/time-limits.ts';

const QUESTION = { messages: [{ role: 'user' as const, content: 'What?' }], schema: { type: 'object' } };
const SOON = { 'retry-after-ms': '10' };

const put = (endpoint: LanguageModel, signal = new AbortController().signal) => ask(endpoint, QUESTION, signal);

/** How a question ended that got no answer. */
async function failureOf(endpoint: LanguageModel): Promise<unknown> {
  const answer = await put(endpoint).catch((error: unknown) => error);
  expect(answer).toBeInstanceOf(Error);
  expect(`${(answer as Error).message}`).not.toMatch(/a-key-that|127\.0\.0\.1/);
  return answer;
}

const failure = (retryable: boolean, message: string | RegExp) =>
  expect.objectContaining({
    ...{ name: 'KindError', code: 'UPSTREAM_ERROR', retryable },
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  });

describe('a language model that answers', () => {
  it('is heard, with the tokens it counted', async () => {
    const server = await startLanguageModel(say('Well.'));
    const usage = { promptTokens: 1_000, completionTokens: 200 };
    expect(await put(server.settings)).toEqual({ text: 'Well.', usage });
  });

  it('slowly, a word at a time, is heard', async () => {
    const body = JSON.stringify({ choices: [{ finish_reason: 'stop', message: { content: 'Well, well.' } }] });
    const server = await startLanguageModel(async (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      for (const word of body.split(/(?=[ ,])/)) {
        response.write(word);
        await delay(50);
      }
      response.end();
    });
    expect(await put(server.settings)).toEqual({ text: 'Well, well.', usage: null });
  });

  it.each([429, 500, 503])('after it was busy twice (%i) is heard', async (status) => {
    const server = await startLanguageModel(refuse(status, SOON), refuse(status, SOON), say('Well.'));
    expect(await put(server.settings)).toMatchObject({ text: 'Well.' });
    expect(server.asked).toHaveLength(3);
  });

  it.each([429, 500])('with nothing but %i is asked three times, and perhaps by a later attempt', async (status) => {
    const server = await startLanguageModel(refuse(status, SOON));
    expect(await failureOf(server.settings)).toEqual(failure(true, `The language model answered ${status}`));
    expect(server.asked).toHaveLength(3);
  });

  it.each([
    [400, 'The language model answered 400'],
    [401, 'The language model did not take the key (401)'],
    [403, 'The language model did not take the key (403)'],
    [404, 'The endpoint knows no such model, or is none (404)'],
  ])('with %i is asked once and never again', async (status, message) => {
    const server = await startLanguageModel(refuse(status));
    expect(await failureOf(server.settings)).toEqual(failure(false, message));
    expect(server.asked).toHaveLength(1);
  });

  it.each([
    ['that it refuses', { refusal: 'I cannot help with that' }, /refused to write/],
    ['up to its greatest length', { end: 'length' }, /cut off/],
    ['up to what a filter let pass', { end: 'content_filter' }, /held back/],
  ])('%s has given no answer', async (_, how, message) => {
    const server = await startLanguageModel(say('{"shortSummary": "You are', how));
    expect(await failureOf(server.settings)).toEqual(failure(false, message));
    expect(server.asked).toHaveLength(1);
  });

  it.each([
    ['a page', 'text/html', '<h1>Back soon</h1>'],
    ['half of JSON', 'application/json', '{"choices": ['],
    ['other JSON', 'application/json', '{"error": "overloaded"}'],
    ['no choice', 'application/json', '{"choices": []}'],
    ['nothing', 'application/json', ''],
  ])('with %s is no language model today', async (_, type, body) => {
    const server = await startLanguageModel((response) => response.writeHead(200, { 'content-type': type }).end(body));
    expect(await failureOf(server.settings)).toEqual(failure(true, /no chat completion/));
  });
});

describe('a redirect', () => {
  it.each([301, 302, 307, 308])('is refused (%i), and nobody is asked there', async (status) => {
    const other = await startLanguageModel(say('Well.'));
    const server = await startLanguageModel(refuse(status, { location: `${other.origin}/v1/chat/completions` }));
    expect(await failureOf(server.settings)).toEqual(failure(false, /another address, which is refused/));
    expect([server.asked.length, other.asked.length]).toEqual([1, 0]);
  });
});

describe('a language model that does not come to an end', () => {
  it.each([200, 400])('of its bytes is cut off (%i)', async (status) => {
    const server = await startLanguageModel((response, { closed }) => {
      response.writeHead(status, { 'content-type': 'application/json' }).write('{"choices": "');
      const timer = setInterval(() => response.write('x'.repeat(50_000)), 5);
      void closed.then(() => clearInterval(timer));
    });
    const found = status === 200 ? /more than 262144 bytes/ : /answered 400/;
    expect(await failureOf(server.settings)).toEqual(failure(false, found));
    await server.asked[0]?.closed;
    expect(server.asked).toHaveLength(1);
  });

  it.each([
    ['silent', keepSilent],
    ['silent after its first word', (response) => void response.writeHead(200).write('{')],
    ['busy, again and again', refuse(503, { 'retry-after': '30' })],
  ] satisfies [string, Parameters<typeof startLanguageModel>[0]][])(
    '%s, is waited for so long and no longer',
    async (_, reply) => {
      const limit = holdTimeLimit(20_000);
      const server = await startLanguageModel((response, asked) => {
        setTimeout(limit.pass, 50);
        return reply(response, asked);
      });
      const before = performance.now();
      const found = await failureOf({ ...server.settings, timeoutMs: 20_000 });
      expect(found).toEqual(failure(true, 'The language model took longer than 20 seconds'));
      // And not the 30 that a busy one wants, nor for ever where an answer never comes.
      expect(performance.now() - before).toBeLessThan(15_000);
      await server.asked[0]?.closed;
      expect(server.asked).toHaveLength(1);
    },
  );

  it.each([
    ['silent', keepSilent],
    ['silent after its first word', (response) => void response.writeHead(200).write('{')],
    ['busy for a minute', refuse(429, { 'retry-after': '59' })],
  ] satisfies [string, Parameters<typeof startLanguageModel>[0]][])(
    '%s, is left at once when the job is',
    async (_, reply) => {
      const server = await startLanguageModel(reply);
      const stop = new AbortController();
      const answer = put(server.settings, stop.signal).catch((error: unknown) => error);
      await expect.poll(() => server.asked.length).toBe(1);
      await delay(50);
      const reason = new Error('cancelled');
      const before = performance.now();
      stop.abort(reason);
      expect(await answer).toBe(reason);
      await server.asked[0]?.closed;
      // Else after 20 seconds, or 59.
      expect(performance.now() - before).toBeLessThan(5_000);
      expect(server.asked).toHaveLength(1);
    },
  );
});

describe('a language model that cannot be had', () => {
  it('because nobody listens there may be there later', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    await new Promise((resolve) => listener.close(resolve));
    const endpoint = { url: `http://127.0.0.1:${port}/v1`, model: 'none', timeoutMs: 20_000 };
    expect(await failureOf(endpoint)).toEqual(failure(true, 'The language model could not be reached (ECONNREFUSED)'));
  });

  it('because it hangs up is asked three times', async () => {
    const server = await startLanguageModel((response) => response.destroy());
    expect(await failureOf(server.settings)).toEqual(failure(true, /could not be reached/));
    expect(server.asked).toHaveLength(3);
  });

  it('because it hangs up in the middle is not asked again: it may have counted', async () => {
    const server = await startLanguageModel((response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' }).write('{"choices": [');
      setTimeout(() => response.destroy(), 50);
    });
    expect(await failureOf(server.settings)).toEqual(failure(true, /broke off in the middle/));
    expect(server.asked).toHaveLength(1);
  });

  it('because the job is over already is not asked at all', async () => {
    const server = await startLanguageModel(say('Well.'));
    const reason = new Error('cancelled');
    expect(await put(server.settings, AbortSignal.abort(reason)).catch((error: unknown) => error)).toBe(reason);
    expect(server.asked).toEqual([]);
  });
});
