import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { Origin } from './entities/origin.ts';

export { SpanKind };

const requests = new AsyncLocalStorage<string>();
const tracer = trace.getTracer('assay');

/** Does something for a request: all that is logged of it, now and behind every `await`, carries the request's id. */
export const forRequest = <T>(requestId: string | undefined, act: () => T): T =>
  requestId === undefined ? act() : requests.run(requestId, act);

/** Where what is being done right now comes from. */
export function originNow(): Origin {
  const [requestId, carrier] = [requests.getStore(), {} as { traceparent?: string }];
  propagation.inject(context.active(), carrier);
  return { ...(requestId !== undefined && { requestId }), ...carrier };
}

/** What every line of the log says of what is being done right now. */
export function placeInLog(): { requestId?: string; traceId?: string } {
  const [requestId, traceId] = [requests.getStore(), trace.getActiveSpan()?.spanContext().traceId];
  return { ...(requestId !== undefined && { requestId }), ...(traceId !== undefined && { traceId }) };
}

export interface SpanFacts {
  kind?: SpanKind;
  attributes?: Attributes;
  /** A `traceparent` from elsewhere; by default it is a part of what is being done right now. */
  parent?: string | undefined;
}

/** Does something within a span of its own. Where no traces are exported, that is doing it and nothing more. */
export async function traced<T>(
  name: string,
  { kind = SpanKind.INTERNAL, attributes = {}, parent }: SpanFacts,
  act: (span: Span) => Promise<T>,
): Promise<T> {
  const within = parent === undefined ? context.active() : propagation.extract(ROOT_CONTEXT, { traceparent: parent });
  return await tracer.startActiveSpan(name, { kind, attributes }, within, async (span) => {
    try {
      return await act(span);
    } catch (error) {
      // Its message may hold what a user wrote; the log has it.
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'Error' });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** A step of what is traced already. By itself it would be a trace that says nothing. */
export const tracedStep = async <T>(name: string, act: () => Promise<T>): Promise<T> =>
  trace.getActiveSpan() ? await traced(name, {}, act) : await act();

/** Something that took from one moment to another, told afterwards. */
export function tracePast(name: string, { attributes, parent }: SpanFacts, from: Date, to: Date): void {
  if (parent === undefined) return;
  const within = propagation.extract(ROOT_CONTEXT, { traceparent: parent });
  tracer.startSpan(name, { startTime: from, ...(attributes && { attributes }) }, within).end(to);
}

/** Says of the span that is open, if any, what it is. */
export const nameSpan = (name: string): void => void trace.getActiveSpan()?.updateName(name);

/** Says of the span that is open, if any, how it went. */
export const markSpan = (attributes: Attributes): void => void trace.getActiveSpan()?.setAttributes(attributes);

/** Says of the span that is open, if any, that it failed, and under which id the log has more. */
export function failSpan(code: string, errorId: string): void {
  trace
    .getActiveSpan()
    ?.setAttribute('assay.error_id', errorId)
    .setStatus({ code: SpanStatusCode.ERROR, message: code });
}
