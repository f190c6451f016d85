import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'vitest';

const root = path.join(import.meta.dirname, '../..');

/** The made-up respondents that come with the examples. */
export const sampleFile = path.join(root, 'examples/respondents.sample.jsonl');

/** Real respondents, where they lie beside the project; they are not part of it. */
export const respondentsFile = path.join(root, '../shared/data/respondents.jsonl');

/** Skips a test, saying why, where the real respondents are not there. */
export function needRespondents(context: TestContext): void {
  if (!existsSync(respondentsFile)) context.skip('the respondents are not beside the project (../shared/data)');
}

/** A valid input, as the API takes it. */
export function sampleInput(row = 0): Record<string, unknown> {
  return JSON.parse(readFileSync(sampleFile, 'utf8').split('\n')[row] ?? '') as Record<string, unknown>;
}
