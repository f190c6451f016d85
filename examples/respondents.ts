import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { SubmitAssessmentInput } from '../src/client/index.ts';

/** One line of the file: an input, or why it is none. */
export type Line = { number: number; input: SubmitAssessmentInput } | { number: number; fault: string };

const FIELDS = ['assessmentName', 'riasec', 'ocean', 'viaIs', 'industryScore', 'rawResponses', 'engine'] as const;

/** Reads a JSONL file, one respondent a line. Fields that the API does not know are left out; empty lines do not count. */
export async function* readRespondents(file: string): AsyncGenerator<Line> {
  let number = 0;
  for await (const text of createInterface({
    input: createReadStream(file, 'utf8'),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    number += 1;
    if (text.trim() !== '') yield { number, ...readLine(text) };
  }
}

function readLine(text: string): { input: SubmitAssessmentInput } | { fault: string } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return { fault: 'is not a JSON object' };
    const known = Object.entries(value).filter(([field]) => (FIELDS as readonly string[]).includes(field));
    // What the fields hold is for the API to judge: it knows best, and says where and why.
    return { input: Object.fromEntries(known) as unknown as SubmitAssessmentInput };
  } catch {
    return { fault: 'is not valid JSON' };
  }
}
