import type { JobQuery } from '../operations.generated.ts';

/** All that the page of a job shows. */
export type WholeJob = NonNullable<JobQuery['job']>;

/** Whether it is cancelled and its worker still holds it. */
export const isLettingGo = (job: WholeJob | null | undefined): boolean =>
  job?.status === 'CANCELLED' && job.workerFreeAt === null;
