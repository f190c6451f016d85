/** Something that must not be. `jobId` names the job whose rows belong to the evidence. */
export interface Violation {
  rule: string;
  detail: string;
  jobId?: string;
}

/** Collects what is noticed during a run, by whichever part notices it. */
export interface Findings {
  readonly violations: readonly Violation[];
  /** How often each thing that is allowed, but worth knowing, was seen. */
  readonly counts: ReadonlyMap<string, number>;
  violation(rule: string, detail: string, jobId?: string): void;
  count(what: string): void;
}

export function createFindings(): Findings {
  const violations: Violation[] = [];
  const counts = new Map<string, number>();
  return {
    violations,
    counts,
    violation: (rule, detail, jobId) => violations.push({ rule, detail, ...(jobId !== undefined && { jobId }) }),
    count: (what) => counts.set(what, (counts.get(what) ?? 0) + 1),
  };
}
