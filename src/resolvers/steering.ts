import { Arg, Authorized, Ctx, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { Account } from '../entities/account.ts';
import { scopeOf } from '../gate/authorization.ts';
import { isUuid, requireId } from '../gate/ids.ts';
import type { Viewer } from '../gate/viewer.ts';
import type { CancelOutcome } from '../lifecycle/cancel.ts';
import type { RemoveOutcome } from '../lifecycle/remove.ts';
import type { RetryOutcome } from '../lifecycle/retry.ts';
import {
  CancelJobInput,
  DeleteJobInput,
  DeletePayload,
  DeleteResultInput,
  JobPayload,
  RetryJobInput,
} from '../schema/steering.ts';
import { readAllowedActions } from './allowed-actions.ts';
import { invalidMove, notFound, queueFull } from './user-errors.ts';

/** Cancel, retry and delete: one verb of the lifecycle each, and its answer in the words of GraphQL. */
@Resolver()
export class SteeringResolver {
  @Authorized('user', 'jobs:manage')
  @Mutation(() => JobPayload, {
    description:
      'Stops an active job: CANCELLED as soon as this answers, and refunded. Its thread is gone within about a second; ' +
      '`workerFreeAt` tells when. Cancelling a cancelled job gives the same answer.',
  })
  async cancelJob(
    @Ctx() context: Context,
    @Arg('input', () => CancelJobInput, { description: 'Which job.' }) { id }: CancelJobInput,
  ): Promise<JobPayload> {
    if (!isUuid(requireId(id, ['input', 'id']))) return refused(notFound());
    const { viewer, lifecycle } = context;
    const outcome = await lifecycle.cancel({ jobId: id, scope: scopeOf(viewer), message: cancelledBy(viewer) });
    return await withBalance(context, await cancelPayload(outcome, context));
  }

  @Authorized('user', 'jobs:manage')
  @Mutation(() => JobPayload, {
    description: 'Runs a FAILED or CANCELLED job again as a new round, charged at the present price.',
  })
  async retryJob(
    @Ctx() context: Context,
    @Arg('input', () => RetryJobInput, { description: 'Which job.' }) { id }: RetryJobInput,
  ): Promise<JobPayload> {
    if (!isUuid(requireId(id, ['input', 'id']))) return refused(notFound());
    const { viewer, lifecycle, terms, origin } = context;
    const outcome = await lifecycle.retry({
      ...{ jobId: id, origin },
      scope: scopeOf(viewer),
      priceOf: (kind) => terms.policyOf(kind).price,
      tierPriority: terms.priorityOf(viewer.kind === 'user' ? viewer.tier : ''),
    });
    return await withBalance(context, await retryPayload(outcome, context));
  }

  @Authorized('user', 'jobs:manage')
  @Mutation(() => DeletePayload, {
    description:
      'Deletes a finished job: its result is gone and a tombstone stays. With `force` nothing stays, whatever its status; ' +
      'an active one is cancelled and refunded first.',
  })
  async deleteJob(
    @Ctx() context: Context,
    @Arg('input', () => DeleteJobInput, { description: 'Which job, and how thoroughly.' }) {
      id,
      force,
    }: DeleteJobInput,
  ): Promise<DeletePayload> {
    if (!isUuid(requireId(id, ['input', 'id']))) return deletionRefused(notFound());
    const { viewer, lifecycle } = context;
    const [jobId, scope] = [id.toLowerCase(), scopeOf(viewer)];
    const outcome = await (force ? lifecycle.forceDelete(jobId, scope) : lifecycle.bury(jobId, scope));
    return await deletePayload(outcome, context);
  }

  @Authorized('user', 'jobs:manage')
  @Mutation(() => DeletePayload, { description: 'Removes a result and its finished job, leaving nothing.' })
  async deleteResult(
    @Ctx() context: Context,
    @Arg('input', () => DeleteResultInput, { description: 'Which result.' }) { id }: DeleteResultInput,
  ): Promise<DeletePayload> {
    if (!isUuid(requireId(id, ['input', 'id']))) return deletionRefused(notFound());
    return await deletePayload(await context.lifecycle.deleteResult(id, scopeOf(context.viewer)), context);
  }
}

/** What the failure of a cancelled job says. */
export const cancelledBy = (viewer: Viewer): string =>
  viewer.kind === 'user' ? 'Cancelled by user' : `Cancelled by service ${viewer.name}`;

/** The owner's balance is told also where nothing was paid: a repeated request gets the answer of the first. */
async function withBalance({ em }: Context, payload: JobPayload): Promise<JobPayload> {
  const { job, tokenBalance } = payload;
  if (!job || tokenBalance !== null) return payload;
  const account = await em.findOne(Account, { userId: job.userId }, { disableIdentityMap: true });
  return { ...payload, tokenBalance: account?.balance ?? null };
}

/** The answer to a cancel. The balance is that of a refund, and null where there was none. */
export async function cancelPayload(outcome: CancelOutcome, context: Context): Promise<JobPayload> {
  switch (outcome.outcome) {
    case 'CANCELLED':
      return { job: outcome.job, tokenBalance: outcome.tokenBalance, userErrors: [] };
    case 'NOT_FOUND':
      return refused(notFound());
    case 'JOB_FINISHED':
      return refused(invalidMove('JOB_FINISHED', outcome.job, await readAllowedActions(outcome.job, context)));
  }
}

async function retryPayload(outcome: RetryOutcome, context: Context): Promise<JobPayload> {
  switch (outcome.outcome) {
    case 'RETRIED':
      return { job: outcome.job, tokenBalance: outcome.tokenBalance, userErrors: [] };
    case 'NOT_FOUND':
      return refused(notFound());
    case 'QUEUE_LIMIT_REACHED':
      return refused(queueFull());
    case 'INSUFFICIENT_TOKENS': {
      const { required, available } = outcome;
      const message = `The price is ${required}, and the balance is ${available}`;
      return refused({ code: 'INSUFFICIENT_TOKENS', message, required, available });
    }
    default:
      return refused(invalidMove(outcome.outcome, outcome.job, await readAllowedActions(outcome.job, context)));
  }
}

async function deletePayload(outcome: RemoveOutcome, context: Context): Promise<DeletePayload> {
  switch (outcome.outcome) {
    case 'DELETED':
      return { deletedJobId: outcome.jobId, deletedResultId: outcome.resultId, userErrors: [] };
    case 'NOT_FOUND':
      return deletionRefused(notFound());
    case 'JOB_ACTIVE':
      return deletionRefused(invalidMove('JOB_ACTIVE', outcome.job, await readAllowedActions(outcome.job, context)));
  }
}

const refused = (...userErrors: JobPayload['userErrors']): JobPayload => ({
  job: null,
  tokenBalance: null,
  userErrors,
});

const deletionRefused = (...userErrors: DeletePayload['userErrors']): DeletePayload => ({
  deletedJobId: null,
  deletedResultId: null,
  userErrors,
});
