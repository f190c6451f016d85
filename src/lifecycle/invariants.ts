import type { Invariant } from './invariants/invariant.ts';
import { log } from './invariants/log.ts';
import { money } from './invariants/money.ts';
import { rows } from './invariants/rows.ts';
import { work } from './invariants/work.ts';

const all = [...money, ...log, ...rows, ...work] as const;

export type InvariantId = (typeof all)[number]['id'];

/** What must hold of a database, whatever happened to it. */
export const INVARIANTS: readonly (Invariant & { readonly id: InvariantId })[] = all;
