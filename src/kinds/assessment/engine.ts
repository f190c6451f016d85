import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { AssessmentInput } from './input.ts';
import type { AssessmentReport, ModelEngine } from './report.ts';

/** Changes with every change of the rules, the tables or the sentences. */
const ENGINE = { name: 'assay-rules', version: '1.0.0' } as const;

/** Changes with every change of the rules, and of what a language model is asked. */
const MODEL_ENGINE = { prefix: 'assay-llm:', version: '1.0.0' } as const;

/** Which engine made a report, and of what: SHA-256 (hex) of the input as RFC 8785 canonical JSON. */
export function engineStamp(input: AssessmentInput): AssessmentReport['engine'] {
  return { ...ENGINE, inputHash: hashOf(input) };
}

/** The same of a report that a language model worded, with its name and the tokens it took. */
export function modelStamp(input: AssessmentInput, model: string, usage: ModelEngine['usage']): ModelEngine {
  return { name: `${MODEL_ENGINE.prefix}${model}`, version: MODEL_ENGINE.version, inputHash: hashOf(input), usage };
}

function hashOf(input: AssessmentInput): string {
  const canonical = canonicalize(input) ?? '';
  return createHash('sha256').update(canonical).digest('hex');
}
