import os from 'node:os';
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';

/** How long a span may wait for others to be sent with. */
const BATCH_MS = 1_000;

/** What of OpenTelemetry's own variables is read here; the exporter reads the others, such as headers, by itself. */
export interface TraceSettings {
  /** `OTEL_SERVICE_NAME`. */
  serviceName?: string | undefined;
  /** `OTEL_TRACES_SAMPLER_ARG`: the share of traces that begin here and are kept, 0 to 1. */
  ratio?: number | undefined;
}

/**
 * Sends spans to an OpenTelemetry collector by OTLP over HTTP, in batches, from now on. What cannot be sent is lost, and holds
 * nobody up.
 */
export function startTraceExport({ serviceName = 'assay', ratio = 1 }: TraceSettings): { stop(): Promise<void> } {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': serviceName,
      'host.name': os.hostname(),
      'process.pid': process.pid,
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), scheduledDelayMillis: BATCH_MS })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return { stop: () => provider.shutdown() };
}
