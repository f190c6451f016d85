import type { JobStatus } from '../entities/job-status.ts';
import type { MoveName } from './machine.ts';

/** Bytes that a handler had stored were given up before its job could take them. Nothing was written. */
export class FilesLost extends Error {
  override readonly name = 'FilesLost';

  constructor(jobId: string) {
    super(`the bytes of an output of job ${jobId} are not there any more`);
  }
}

/** The guard of a move did not hold: the job is elsewhere, or the lease is no longer the caller's. Nothing was written. */
export class MoveRefused extends Error {
  override readonly name = 'MoveRefused';
  readonly move: MoveName | 'report' | 'stage';
  /** The job's status just after the refusal; null when there is no such job. */
  readonly status: JobStatus | null;

  constructor(move: MoveName | 'report' | 'stage', jobId: string, status: JobStatus | null) {
    super(`${move} of job ${jobId} was refused: ${status === null ? 'there is no such job' : `it is ${status}`}`);
    this.move = move;
    this.status = status;
  }
}
