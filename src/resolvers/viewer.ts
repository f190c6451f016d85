import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Authorized, Ctx, FieldResolver, Info, Int, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { Account } from '../entities/account.ts';
import { LedgerEntry } from '../entities/ledger-entry.ts';
import { viewerId } from '../gate/viewer.ts';
import { LedgerConnection } from '../schema/connection.ts';
import { Viewer } from '../schema/viewer.ts';
import { type Page, readPage } from './page.ts';

@Resolver(() => Viewer)
export class ViewerResolver {
  @Authorized()
  @Query(() => Viewer, { description: 'Who is asking.' })
  viewer(@Ctx() { viewer }: Context): Viewer {
    const isUser = viewer.kind === 'user';
    return {
      kind: viewer.kind,
      id: viewerId(viewer),
      scopes: isUser ? [] : [...viewer.scopes],
      tier: isUser ? viewer.tier : null,
    };
  }

  @FieldResolver(() => Int, { nullable: true, description: 'Tokens that can be spent now. Null for a service.' })
  async tokenBalance(@Ctx() { em, viewer }: Context): Promise<number | null> {
    if (viewer.kind === 'service') return null;
    return (await em.findOne(Account, { userId: viewer.id }))?.balance ?? 0;
  }

  @FieldResolver(() => LedgerConnection, {
    nullable: true,
    description: 'Every change of the token balance, newest first. Null for a service.',
  })
  async ledger(
    @Ctx() { em, viewer }: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: 'How many, 0 to 100.' })
    first: number | null,
    @Arg('after', () => String, { nullable: true, description: 'Begin behind this cursor.' }) after: string | null,
  ): Promise<Page<LedgerEntry> | null> {
    if (viewer.kind === 'service') return null;
    const list = { name: 'ledger', of: LedgerEntry, where: [{ userId: viewer.id }], newestFirst: true };
    return await readPage(em, list, { first, after }, info);
  }
}
