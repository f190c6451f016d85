import { JobStatus, type PositionReason } from '../entities/job-status.ts';
import { isSameProgress, NO_PROGRESS, type StoredProgress } from '../entities/progress.ts';
import { type Reader, writeCursor } from './cursor.ts';
import type { FeedFollower } from './feed-follower.ts';
import { type FollowedJob, frameOfEvent, frameOfJob } from './frame.ts';
import type { LogState, Position } from './position.ts';
import type { StretchPage } from './stretch.ts';

/** All who follow the log of a user or of everyone. An event is made into a frame once for all who see the same of it. */
export class Audience {
  readonly #followers = new Map<Reader, Set<FeedFollower>>();
  /** The progress that was last shown of each running job. */
  readonly #shown = new Map<string, StoredProgress>();

  get isEmpty(): boolean {
    return this.#followers.size === 0;
  }

  get followers(): FeedFollower[] {
    return [...this.#followers.values()].flatMap((ofReader) => [...ofReader]);
  }

  /** Whose jobs are followed; null for everyone's. */
  get owners(): string[] | null {
    const readers = [...this.#followers.keys()];
    return readers.includes(null) ? null : readers.filter((reader) => reader !== null);
  }

  add(follower: FeedFollower): void {
    const { reader } = follower;
    this.#followers.set(reader, (this.#followers.get(reader) ?? new Set()).add(follower));
  }

  remove(follower: FeedFollower): void {
    const ofReader = this.#followers.get(follower.reader);
    ofReader?.delete(follower);
    if (ofReader?.size === 0) this.#followers.delete(follower.reader);
    if (this.isEmpty) this.#shown.clear();
  }

  /** Hands on what was read at the head, of which `from` was the position. */
  hand(from: Position, { events, stretch }: StretchPage): void {
    for (const { event, position } of events) {
      this.#note(event.jobId, event.status, event.progress);
      this.#each(event.userId, (followers, reader) => {
        const frame = frameOfEvent(event, writeCursor(reader, position));
        for (const follower of followers) follower.offer(frame, BigInt(event.id), from, stretch);
      });
    }
  }

  /** A stretch begins. */
  expect(): void {
    for (const follower of this.followers) follower.expect();
  }

  /** A stretch is over: who waited for that begins at its end. */
  arrive(head: Position, log: LogState): void {
    for (const follower of this.followers) follower.arrive(head, log);
  }

  /** Shows what is new of the progress of jobs. */
  show(jobs: readonly FollowedJob[]): void {
    for (const job of jobs) {
      if (!this.#note(job.id, job.status, job.progress)) continue;
      const frame = frameOfJob(job, 'PROGRESSED');
      this.#each(job.userId, (followers) => {
        for (const follower of followers) follower.show(frame);
      });
    }
  }

  /** Nobody can go on from where the head was. Of those who only arrive, each has a position of his own to be looked at. */
  beginAnew(reason: PositionReason): void {
    for (const follower of this.followers) if (!follower.isArriving) follower.beginAnew(reason);
  }

  #each(owner: string, act: (followers: Iterable<FeedFollower>, reader: Reader) => void): void {
    for (const reader of [owner, null]) {
      const followers = this.#followers.get(reader);
      if (followers) act([...followers], reader);
    }
  }

  /** @returns whether this progress is new */
  #note(jobId: string, status: JobStatus, progress: StoredProgress): boolean {
    const shown = this.#shown.get(jobId) ?? NO_PROGRESS;
    if (status === JobStatus.PROCESSING) this.#shown.set(jobId, progress);
    else this.#shown.delete(jobId);
    return !isSameProgress(progress, shown);
  }
}
