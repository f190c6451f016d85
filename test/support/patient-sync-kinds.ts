import { createSync } from '../../src/kinds/sync/index.ts';
import { IMPATIENT } from './sync-kinds.ts';

/** Syncs with small pages, for which they wait. */
export const kinds = { SYNC: createSync({ ...IMPATIENT, pageMs: 20_000 }) };
