import { BUDGETS } from '../../src/kinds/sync/budgets.ts';
import { createSync } from '../../src/kinds/sync/index.ts';

/** Syncs with small pages and little patience, so that a test of a bad source takes a second. */
export const IMPATIENT = { ...BUDGETS, pageRows: 100, pageMs: 700, pauseMs: 10, tries: 3 };

export const kinds = { SYNC: createSync(IMPATIENT) };
