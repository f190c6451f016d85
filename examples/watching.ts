import { Presets, SingleBar } from 'cli-progress';
import type { AssayClient, JobEvent } from '../src/client/index.ts';

/** Follows a job to its end with a bar. @returns its last event; undefined where the subscription ended before the job did */
export async function watchWithBar(client: AssayClient, jobId: string): Promise<JobEvent | undefined> {
  const bar = new SingleBar({ format: '{bar} {percentage} % {stage}', clearOnComplete: true }, Presets.shades_classic);
  bar.start(100, 0, { stage: '' });
  try {
    for await (const event of client.watchJob(jobId, { after: 0 })) {
      bar.update(event.progress?.percent ?? 0, { stage: event.progress?.stage ?? event.status });
      if (event.status !== 'QUEUED' && event.status !== 'PROCESSING') return event;
    }
  } finally {
    bar.stop();
  }
}
