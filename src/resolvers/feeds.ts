import { Arg, Authorized, Ctx, Extensions, Resolver, Root, Subscription } from 'type-graphql';
import type { Context } from '../context.ts';
import type { FeedFrame } from '../feed/frame.ts';
import { apiError, badInput } from '../gate/errors.ts';
import { type Viewer, viewerId } from '../gate/viewer.ts';
import { FeedEvent } from '../schema/feed-event.ts';
import { Cursor } from '../schema/scalars.ts';

const MESSAGES =
  'Each event comes once, those of a job in their order, each with the cursor to resume from; PROGRESSED comes in between, ' +
  'without one. Without `after`, and where events are missing, a FeedPosition comes first. It does not end by itself.';
const AFTER = 'The last cursor or position that was received. Leave it out to begin with the present.';

@Resolver()
export class FeedsResolver {
  @Authorized('user')
  @Extensions({ showEvent: showOwn })
  @Subscription(() => FeedEvent, {
    description: `Follows all jobs of the viewer. ${MESSAGES}`,
    subscribe: ({ args, context }) => followOwn(args as FollowArgs, context as Context),
  })
  myEvents(
    @Root() frame: FeedFrame,
    @Arg('after', () => Cursor, { nullable: true, description: AFTER }) _after: string | null,
    @Ctx() { viewer }: Context,
  ): FeedFrame {
    return showOwn(frame, viewer);
  }

  @Authorized('jobs:read')
  @Extensions({ showEvent: (frame: FeedFrame) => frame })
  @Subscription(() => FeedEvent, {
    description: `Follows the jobs of everyone, those of the system too. For services. ${MESSAGES}`,
    subscribe: ({ args, context }) => follow(null, args as FollowArgs, context as Context),
  })
  allEvents(
    @Root() frame: FeedFrame,
    @Arg('after', () => Cursor, { nullable: true, description: AFTER }) _after: string | null,
  ): FeedFrame {
    return frame;
  }
}

/** Whatever goes wrong on the way here: another user's event goes no further. */
function showOwn(frame: FeedFrame, viewer: Viewer): FeedFrame {
  if ('userId' in frame && frame.userId !== viewerId(viewer)) throw apiError('INTERNAL_SERVER_ERROR');
  return frame;
}

interface FollowArgs {
  after?: string | null;
}

/** @throws FORBIDDEN for a service: it has no jobs of its own */
async function followOwn(args: FollowArgs, context: Context): Promise<AsyncIterable<FeedFrame>> {
  if (context.viewer.kind !== 'user') throw apiError('FORBIDDEN');
  return await follow(context.viewer.id, args, context);
}

/** @throws BAD_USER_INPUT for a cursor that this reader was not given */
async function follow(
  reader: string | null,
  { after }: FollowArgs,
  { feed }: Context,
): Promise<AsyncIterable<FeedFrame>> {
  const frames = await feed.followJobs(reader, typeof after === 'string' ? { after } : {});
  if (!frames) throw badInput({ path: ['after'], rule: 'is not a cursor of this feed' });
  return frames;
}
