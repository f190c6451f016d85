/** What a service token may be allowed to do, each with a sentence for `assay token service --help`. */
export const SCOPES = {
  'jobs:read': "Read everyone's jobs, results, events and statistics, the state of the system, and /metrics.",
  'jobs:manage': "Cancel, retry and delete everyone's jobs and results.",
  'jobs:repair': 'Run syncStatus, cleanupOrphaned, rescueStuckJobs, doctor and repairInvariants.',
  'tokens:grant': 'Grant tokens to users, or take them back.',
  'sync:run': 'Request and clean up SYNC jobs, and read SYNC jobs and records.',
} as const;

export type ServiceScope = keyof typeof SCOPES;

/** Whether a word is the name of a scope. */
export const isServiceScope = (word: string): word is ServiceScope => Object.hasOwn(SCOPES, word);
