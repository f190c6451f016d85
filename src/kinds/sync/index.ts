import type { Kind } from '../kind.ts';
import { BUDGETS, type Budgets } from './budgets.ts';
import { copySource } from './copy.ts';
import { replaceRecords } from './replace.ts';
import { type SyncInput, type SyncOutput, syncInput, syncOutput } from './shapes.ts';

/** A kind that copies a paged source, within the given budgets. */
export const createSync = (budgets: Budgets): Kind<SyncInput, SyncOutput> => ({
  policy: { price: 0, maxAttempts: 3, runLimitMs: 1_800_000 },
  input: syncInput,
  output: syncOutput,
  run: (input, context) => copySource(input, context, budgets),
  onComplete: replaceRecords,
});

/** Copies one of the configured sources into the records of Assay: all of it, or nothing. */
export const sync = createSync(BUDGETS);
