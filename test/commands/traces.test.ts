import { describe, expect, it } from 'vitest';
import { CommandError } from '../../src/commands/command-error.ts';
import type { StartPart } from '../../src/commands/shutdown.ts';
import { startTraces } from '../../src/commands/traces.ts';
import { createLog } from '../../src/log.ts';

const COLLECTOR = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };

/** The parts that a command would have started. */
async function started(env: NodeJS.ProcessEnv): Promise<string[]> {
  const names: string[] = [];
  const start: StartPart = async (name, startPart) => {
    names.push(name);
    const part = await startPart();
    await part.stop();
    return part;
  };
  await startTraces(start, createLog({ level: 'silent' }), env);
  return names;
}

describe('traces', () => {
  it('are sent where a collector is named, and nowhere else', async () => {
    expect(await started({})).toEqual([]);
    expect(await started({ OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toEqual([]);
    expect(await started({ ...COLLECTOR, OTEL_SDK_DISABLED: 'true' })).toEqual([]);
    expect(await started({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:1/v1/traces' })).toEqual([
      'The traces',
    ]);
    expect(await started({ ...COLLECTOR, OTEL_TRACES_SAMPLER_ARG: '0.25' })).toEqual(['The traces']);
  });

  it.each(['1.5', '-1', 'all'])('are not sent by a share that is none: %s', async (share) => {
    await expect(started({ ...COLLECTOR, OTEL_TRACES_SAMPLER_ARG: share })).rejects.toThrow(CommandError);
  });
});
