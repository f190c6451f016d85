// What BullMQ runs in a worker thread: tells that it has begun, and does what the job says.
import type { SandboxedJob } from 'bullmq';
import { type Misbehaviour, misbehave } from './misbehaviour.ts';

export default async (
  job: SandboxedJob<{ behaviour: Misbehaviour }>,
  _token?: string,
  signal?: AbortSignal,
): Promise<void> => {
  await job.updateProgress(1);
  await misbehave[job.data.behaviour](signal);
};
