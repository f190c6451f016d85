import { Arg, Authorized, Ctx, ID, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { Job } from '../entities/job.ts';
import { Result } from '../entities/result.ts';
import { isUuid, requireId } from '../gate/ids.ts';
import { Node } from '../schema/node.ts';
import { readableBy } from './ownership.ts';
import { readRow } from './rows.ts';

@Resolver()
export class NodeResolver {
  @Authorized('user', 'jobs:read', 'sync:run')
  @Query(() => Node, {
    nullable: true,
    description: 'A job or a result by its id. Null where there is none with this id that the viewer may see.',
  })
  async node(
    @Ctx() { em, viewer }: Context,
    @Arg('id', () => ID, { description: 'The id of a job or a result.' }) id: string,
  ): Promise<Job | Result | null> {
    if (!isUuid(requireId(id))) return null;
    const where = { id, ...readableBy(viewer) };
    return (await readRow(em, Job, where)) ?? (await readRow(em, Result, where));
  }
}
