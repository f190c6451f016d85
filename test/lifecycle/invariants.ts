import type pg from 'pg';
import { examine } from '../../src/lifecycle/doctor.ts';
import { INVARIANTS, type InvariantId } from '../../src/lifecycle/invariants.ts';

/** How long a silent worker counts as alive. */
export const LEASE_MS = 10_000;

/** Invariants that a test breaks on purpose or cannot keep, each with the reason. */
export type Bent = Partial<Record<InvariantId, string>>;

/** The doctor's invariants that are broken, each with what it found, without time to settle; empty when all is well. */
export async function findBroken(
  client: Pick<pg.ClientBase, 'query'>,
  bent: Bent = {},
): Promise<Partial<Record<InvariantId, string[]>>> {
  const invariants = INVARIANTS.filter(({ id }) => bent[id] === undefined);
  const findings = await examine(client, { leaseMs: LEASE_MS, graceMs: 0, invariants });
  return Object.fromEntries(
    findings.map(({ invariant, rows }) => [invariant.id, rows.map(({ subject, found }) => `${subject}: ${found}`)]),
  );
}
