import { Arg, Authorized, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { Context, OpenContext } from '../context.ts';
import type { Result as ResultRow } from '../entities/result.ts';
import { scopeOf } from '../gate/authorization.ts';
import { isUuid, requireId } from '../gate/ids.ts';
import type { ShareOutcome } from '../lifecycle/share.ts';
import { Result } from '../schema/result.ts';
import { ResultPayload, SharedResult, ShareResultInput, UnshareResultInput } from '../schema/sharing.ts';
import { readAllowedActions } from './allowed-actions.ts';
import { invalidMove, notFound } from './user-errors.ts';

/** Links under which a result is open to everyone who has one. */
@Resolver(() => Result)
export class SharingResolver {
  @Authorized('user')
  @Mutation(() => ResultPayload, {
    description:
      'Opens a COMPLETED result to everyone who has its `shareUrl`. Sharing a shared result gives the same link. JOB_ACTIVE ' +
      'while its job may still be completed, JOB_FINISHED where it ended without an answer.',
  })
  async shareResult(
    @Ctx() context: Context,
    @Arg('input', () => ShareResultInput, { description: 'Which result.' }) { id }: ShareResultInput,
  ): Promise<ResultPayload> {
    if (!isUuid(requireId(id, ['input', 'id']))) return refused(notFound());
    return await sharePayload(await context.lifecycle.share(id, scopeOf(context.viewer)), context);
  }

  @Authorized('user')
  @Mutation(() => ResultPayload, {
    description:
      'Closes the link of a result, at once and for good: sharing it again makes another. One that is not shared stays so.',
  })
  async unshareResult(
    @Ctx() { viewer, lifecycle }: Context,
    @Arg('input', () => UnshareResultInput, { description: 'Which result.' }) { id }: UnshareResultInput,
  ): Promise<ResultPayload> {
    if (!isUuid(requireId(id, ['input', 'id']))) return refused(notFound());
    const outcome = await lifecycle.unshare(id, scopeOf(viewer));
    return outcome.outcome === 'UNSHARED' ? { result: outcome.result, userErrors: [] } : refused(notFound());
  }

  /** The one field that asks for no viewer: the link is what entitles. */
  @Query(() => SharedResult, {
    nullable: true,
    description:
      'What a share link opens; it needs no token. Null for a link that is closed, or none of ours, or whose result is gone.',
  })
  async sharedResult(
    @Ctx() { shares, asker }: OpenContext,
    @Arg('token', () => String, { description: 'What stands in the link behind `/share/`.' }) token: string,
  ): Promise<SharedResult | null> {
    return await shares.find(token, asker);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description:
      'The link to the reduced view, for its owner. Null while it is not shared, and always for services: who has it needs no token.',
  })
  shareUrl(@Root() { shareId, userId }: ResultRow, @Ctx() { viewer, shares }: Context): string | null {
    const isOwner = viewer.kind === 'user' && viewer.id === userId;
    return isOwner && shareId ? shares.urlOf(shareId) : null;
  }
}

async function sharePayload(outcome: ShareOutcome, context: Context): Promise<ResultPayload> {
  switch (outcome.outcome) {
    case 'SHARED':
      return { result: outcome.result, userErrors: [] };
    case 'NOT_FOUND':
      return refused(notFound());
    default: {
      const error = invalidMove(outcome.outcome, outcome.job, await readAllowedActions(outcome.job, context));
      return refused(
        outcome.outcome === 'JOB_FINISHED' ? { ...error, message: 'The job ended without an answer' } : error,
      );
    }
  }
}

const refused = (...userErrors: ResultPayload['userErrors']): ResultPayload => ({ result: null, userErrors });
