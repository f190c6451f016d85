import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { AssessmentInput } from './input.ts';
import type { AssessmentReport } from './report.ts';

/** Changes with every change of the rules, the tables or the sentences. */
const ENGINE = { name: 'assay-rules', version: '1.0.0' } as const;

/** Which engine made a report, and of what: SHA-256 (hex) of the input as RFC 8785 canonical JSON. */
export function engineStamp(input: AssessmentInput): AssessmentReport['engine'] {
  const canonical = canonicalize(input) ?? '';
  return { ...ENGINE, inputHash: createHash('sha256').update(canonical).digest('hex') };
}
