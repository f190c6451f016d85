import { Authorized, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { ROWS_SHOWN } from '../lifecycle/doctor.ts';
import { INVARIANTS } from '../lifecycle/invariants.ts';
import { DoctorReport, RepairInvariantsPayload } from '../schema/doctor.ts';

/** For operators: does what must hold? */
@Resolver()
export class DoctorResolver {
  @Authorized('jobs:repair')
  @Query(() => DoctorReport, {
    description:
      'Looks for rows that break what must hold, as `assay doctor` does: a statement an invariant, which may take minutes ' +
      'on a large installation. Where something is found that may settle, it looks again a lease and two rescues later. ' +
      'Whoever asks while an API process is at it gets the same answer.',
  })
  async doctor(@Ctx() { doctor, gone, liftDeadline }: Context): Promise<DoctorReport> {
    liftDeadline?.();
    return reportOf(await doctor.examine(gone?.()));
  }

  @Authorized('jobs:repair')
  @Mutation(() => RepairInvariantsPayload, {
    description: 'Examines, mends what needs no guess, and examines again, as `assay doctor --repair` does.',
  })
  async repairInvariants(@Ctx() { doctor, gone, liftDeadline }: Context): Promise<RepairInvariantsPayload> {
    liftDeadline?.();
    const { done, failures, examined } = await doctor.repair(gone?.());
    return { done, failed: failures.map(({ id }) => id), report: reportOf(examined), userErrors: [] };
  }
}

type Examined = Awaited<ReturnType<Context['doctor']['examine']>>;

function reportOf({ at, seconds, findings }: Examined): DoctorReport {
  const found = new Map(findings.map(({ invariant, rows }) => [invariant.id, rows]));
  const invariants = INVARIANTS.map(({ id, sentence, repair }) => {
    const rows = found.get(id) ?? [];
    return {
      ...{ id, sentence, repairable: repair !== undefined },
      ...{ holds: rows.length === 0, brokenCount: rows.length, rows: rows.slice(0, ROWS_SHOWN) },
    };
  });
  return { checkedAt: at, seconds, healthy: findings.length === 0, invariants };
}
