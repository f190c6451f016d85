import { Arg, Authorized, Ctx, Extensions, FieldResolver, ID, Int, Resolver, Root, Subscription } from 'type-graphql';
import type { Context } from '../context.ts';
import type { Job as JobRow } from '../entities/job.ts';
import type { JobFrame } from '../feed/frame.ts';
import { readScopeOf } from '../gate/authorization.ts';
import { apiError, badInput } from '../gate/errors.ts';
import { isUuid, requireId } from '../gate/ids.ts';
import { Job } from '../schema/job.ts';
import { JobEvent } from '../schema/job-event.ts';

@Resolver(() => JobEvent)
export class JobEventsResolver {
  @Authorized('user', 'jobs:read', 'sync:run')
  @Extensions({ showEvent: (frame: JobFrame) => frame })
  @Subscription(() => JobEvent, {
    description:
      'Follows one job to its end. Without `after` the first message is a SNAPSHOT; with it, the stored events behind it. ' +
      'Then each event as it happens, once and in order, and PROGRESSED in between. It completes with the event that ' +
      'finishes the job. A RESYNC says that steps are missing here and shows the job as it is.',
    subscribe: ({ args, context }) => follow(args as FollowArgs, context as Context),
  })
  jobEvents(
    @Root() frame: JobFrame,
    @Arg('jobId', () => ID, { description: "The job's id." }) _jobId: string,
    @Arg('after', () => Int, {
      nullable: true,
      description: 'The last `seq` that is known; 0 for the whole history. Leave it out to begin with the present.',
    })
    _after: number | null,
  ): JobFrame {
    return frame;
  }

  @FieldResolver(() => Job, {
    nullable: true,
    description: 'The job as it is now, not as it was then. Null once it is gone.',
  })
  async job(@Root() frame: JobFrame, @Ctx() { load }: Context): Promise<JobRow | null> {
    return await load.job.load(frame.jobId);
  }
}

interface FollowArgs {
  jobId: string;
  after?: number | null;
}

/** @throws NOT_FOUND for a job that is absent or another's, BAD_USER_INPUT for a negative position */
async function follow({ jobId, after }: FollowArgs, { viewer, feed }: Context): Promise<AsyncIterable<JobFrame>> {
  if (typeof after === 'number' && after < 0) throw badInput({ path: ['after'], rule: 'must be at least 0' });
  if (!isUuid(requireId(jobId, ['jobId']))) throw apiError('NOT_FOUND');
  const scope = readScopeOf(viewer);
  const owner = scope === 'any owner' ? null : scope.owner;
  const frames = await feed.followJob(jobId.toLowerCase(), { owner, ...(typeof after === 'number' ? { after } : {}) });
  if (!frames) throw apiError('NOT_FOUND');
  return frames;
}
