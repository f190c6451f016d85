/** Settings with a shorter lease, and all that depends on it in the same proportion as by default. */
export const scaledTo = (leaseMs: number): NodeJS.ProcessEnv => ({
  ASSAY_LEASE_MS: `${leaseMs}`,
  ASSAY_HEARTBEAT_MS: `${leaseMs / 5}`,
  ASSAY_RESCUE_MS: `${leaseMs / 5}`,
});
