import type { LanguageModel } from '../../../runner/context.ts';
import { modelError } from './failures.ts';

/** Bytes of one answer, as they are after decompression: more than ten times the longest report. */
const MOST_BYTES = 262_144;

/**
 * `fetch` with what a language model may do held narrow. It is told our headers and no others: the SDK adds some, and
 * takes more from the environment. A redirect comes back as the answer that it is, so that nobody else is asked. An
 * answer is counted as it comes, and broken off where it grows too long.
 */
export const narrowFetch =
  ({ key }: Pick<LanguageModel, 'key'>): typeof fetch =>
  async (url, init) => {
    const headers = {
      accept: 'application/json',
      'content-type': 'application/json',
      'user-agent': 'assay',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    };
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    return new Response(response.body?.pipeThrough(counted()) ?? null, response);
  };

function counted(): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes <= MOST_BYTES) controller.enqueue(chunk);
      else controller.error(modelError(`The language model gave more than ${MOST_BYTES} bytes in one answer`));
    },
  });
}
