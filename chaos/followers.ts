import { setTimeout as delay } from 'node:timers/promises';
import type { Findings } from './findings.ts';
import { type Following, positionAfter } from './followings.ts';
import type { KnownJob, User } from './load-parts.ts';
import type { Random } from './random.ts';
import { type FeedSocket, openSocket } from './subscription.ts';

export interface Followers {
  readonly followings: readonly Following[];
  /** Follows a job to its end, however often the connection breaks or is left on purpose. */
  follow(job: KnownJob): void;
  /** Follows a followed job on, which has a new round. */
  resume(job: KnownJob): void;
  /** Reads every followed job to the end of its log. @returns the followings that did not get there in time */
  drain(limitMs: number): Promise<Following[]>;
  close(): Promise<void>;
}

export interface FollowersParts {
  /** Of the API to turn to next. */
  url(): string;
  random: Random;
  findings: Findings;
}

/** Below the 50 subscriptions that a socket may hold. */
const PER_SOCKET = 40;
const CUT_MS = { least: 2_000, most: 9_000 };

export function createFollowers({ url, random, findings }: FollowersParts): Followers {
  const byJob = new Map<string, Following>();
  const running = new Map<Following, Promise<void>>();
  const sockets = new Map<string, FeedSocket>();
  const closing = new AbortController();
  let isDraining = false;

  function socketOf({ id, token }: User): FeedSocket {
    const socket = sockets.get(id) ?? openSocket(token, url);
    sockets.set(id, socket);
    return socket;
  }
  /** @returns whether there is no more to come */
  async function subscribe(following: Following, socket: FeedSocket): Promise<boolean> {
    const last = following.sessions.at(-1);
    const begin = random.chance(0.6) ? 0 : undefined;
    const isImpatient = !isDraining && random.chance(0.3);
    const session = await socket.listen(following.jobId, {
      after: last ? positionAfter(last) : begin,
      frames: isImpatient ? random.between(1, 4) : Number.POSITIVE_INFINITY,
      signal: closing.signal,
    });
    following.sessions.push(session);
    const { end, code } = session;
    findings.count(`subscription ${end}${end === 'broken' ? `: ${code}` : ''}`);
    if (code?.startsWith('INTERNAL')) {
      findings.violation('an error is one that clients can act on', `a subscription: ${code}`);
    }
    return end === 'complete' || end === 'refused';
  }
  async function run(following: Following, owner: User): Promise<void> {
    while (!closing.signal.aborted) {
      const socket = socketOf(owner);
      if (socket.open < PER_SOCKET && (await subscribe(following, socket))) return;
      await delay(random.between(50, 500), undefined, { signal: closing.signal }).catch(() => undefined);
    }
  }
  function start(following: Following, owner: User): void {
    if (running.has(following) || closing.signal.aborted) return;
    running.set(
      following,
      run(following, owner).finally(() => running.delete(following)),
    );
  }
  /** Now and then a client loses its network: all its subscriptions at once. */
  async function breakSockets(): Promise<void> {
    while (!closing.signal.aborted) {
      const pause = random.between(CUT_MS.least, CUT_MS.most);
      await delay(pause, undefined, { signal: closing.signal }).catch(() => undefined);
      if (sockets.size > 0 && !isDraining) random.pick([...sockets.values()]).cut();
    }
  }
  const breaking = breakSockets();
  const owners = new Map<Following, User>();

  return {
    get followings() {
      return [...byJob.values()];
    },
    follow({ id, owner }) {
      const following: Following = { jobId: id, userId: owner.id, sessions: [] };
      byJob.set(id, following);
      owners.set(following, owner);
      start(following, owner);
    },
    resume({ id, owner }) {
      const following = byJob.get(id);
      if (following) start(following, owner);
    },
    async drain(limitMs) {
      isDraining = true;
      const late = delay(limitMs, undefined, { ref: false }).then(() => 'late' as const);
      // One whose stream was over by itself may have missed a later round; who is still at it comes to the end alone.
      await Promise.race([Promise.all(running.values()), late]);
      for (const [following, owner] of owners) start(following, owner);
      await Promise.race([Promise.all(running.values()), late]);
      return [...running.keys()];
    },
    async close() {
      closing.abort();
      await Promise.all([...running.values(), breaking]);
      for (const socket of sockets.values()) socket.cut();
    },
  };
}
