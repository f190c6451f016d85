import type { Log } from '../log.ts';
import { CommandError } from './command-error.ts';
import type { StartPart } from './shutdown.ts';

/**
 * Sends traces from now on where OpenTelemetry's own variables name a collector, and does nothing otherwise. Started before
 * what is traced, and so stopped after it.
 * @throws CommandError for a share of traces that is none
 */
export async function startTraces(start: StartPart, log: Log, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const endpoint = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (!endpoint || env.OTEL_SDK_DISABLED === 'true') return;
  const ratio = Number(env.OTEL_TRACES_SAMPLER_ARG || '1');
  if (!(ratio >= 0 && ratio <= 1)) throw new CommandError('OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1.');
  const { startTraceExport } = await import('../trace-export.ts');
  await start('The traces', async () => startTraceExport({ serviceName: env.OTEL_SERVICE_NAME || undefined, ratio }));
  log.info('Traces are sent.');
}
