import type { ClientLog } from './client-log.ts';
import type { Findings } from './findings.ts';
import type { Random } from './random.ts';

export interface User {
  id: string;
  token: string;
}

/** A job as the client that submitted it knows it. */
export interface KnownJob {
  id: string;
  owner: User;
}

export interface LoadParts {
  /** Of the API to turn to next. */
  url(): string;
  users: readonly User[];
  /** With every scope that users do not have. */
  serviceToken: string;
  leaseMs: number;
  jobsPerSecond: number;
  log: ClientLog;
  findings: Findings;
  random: Random;
  /** A job is there for sure. */
  onSubmitted(job: KnownJob): void;
  /** A job has a new round. */
  onRetried(job: KnownJob): void;
}
