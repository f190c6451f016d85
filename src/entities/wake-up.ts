/**
 * The hint that something about a job changed: an address, never content. Readers look the truth up in the tables, so a
 * lost, doubled or late wake-up does no harm.
 */
export interface WakeUp {
  jobId: string;
}
