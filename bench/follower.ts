import { createAssayClient } from '../src/client/index.ts';
import { type FollowingLog, OpenLog } from './following-log.ts';

export interface Follower {
  readonly log: FollowingLog;
  /** How often its socket was opened. */
  readonly connects: number;
  /** It was told something: its subscription stands. */
  readonly hasBegun: boolean;
  /** Why it broke off by itself, which it must not. */
  readonly failure: unknown;
  close(): void;
}

export interface FollowerOptions {
  url: string;
  token: string;
  userId: string;
  /** The jobs of the user: the only one that is followed, or all of them. */
  jobIds: readonly string[];
  follows: 'one job' | 'all jobs';
}

/** Follows by `assay/client`, with a socket of its own. */
export function startFollower({ url, token, userId, jobIds, follows }: FollowerOptions): Follower {
  let connects = 0;
  let hasBegun = false;
  let failure: unknown;
  class CountedSocket extends WebSocket {
    constructor(address: string, protocol: string) {
      super(address, protocol);
      this.addEventListener('open', () => {
        connects += 1;
      });
    }
  }
  const client = createAssayClient({ url, token, webSocketImpl: CountedSocket });
  const log = new OpenLog(userId, jobIds);
  const messages = follows === 'one job' ? client.watchJob(jobIds[0] ?? '', { after: 0 }) : client.watchMine();
  const follow = async () => {
    for await (const message of messages) {
      hasBegun = true;
      log.take(message);
    }
  };
  follow().catch((error: unknown) => {
    failure = error;
  });
  return {
    log,
    get connects() {
      return connects;
    },
    get hasBegun() {
      return hasBegun;
    },
    get failure() {
      return failure;
    },
    close: () => client.close(),
  };
}
