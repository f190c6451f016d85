import type { JobEvent } from '../entities/job-event.ts';
import { isFinished, JobStatus } from '../entities/job-status.ts';
import { isSameProgress, NO_PROGRESS, type StoredProgress } from '../entities/progress.ts';
import { type FollowedJob, frameOfEvent, frameOfJob, type JobFrame } from './frame.ts';
import { FrameQueue } from './frame-queue.ts';
import type { LogPage } from './log.ts';

export interface FollowerOptions {
  jobId: string;
  /** Events that may wait for the subscriber. */
  bound: number;
  /** The subscriber asks for what is in the log already, and was left there because it did not fit. */
  onWant: (follower: Follower) => void;
  /** The stream is over, or nobody reads it any more. */
  onEnd: (follower: Follower) => void;
}

/**
 * One subscriber of one job: how far he is in its log, and what waits for him.
 *
 * A history of any length passes through his queue in steps, as he reads. Only what happens while he does not read can
 * become too much; then he gets the present instead.
 */
export class Follower {
  readonly jobId: string;
  readonly queue: FrameQueue;
  readonly #bound: number;
  #position: number | undefined;
  #isBehind = false;
  /** The log's end when nothing waited for him: that much came at once, and is not his delay. */
  #excused = 0;
  /** The progress that he was last shown. */
  #progress: StoredProgress = NO_PROGRESS;

  constructor(options: FollowerOptions) {
    this.jobId = options.jobId;
    this.#bound = options.bound;
    this.queue = new FrameQueue({
      onEmpty: () => this.#isBehind && options.onWant(this),
      onEnd: () => options.onEnd(this),
    });
  }

  /** The seq up to which everything is queued; undefined until the first read. */
  get position(): number | undefined {
    return this.#position;
  }

  /** Where the next read begins for him; null while nothing fits into his queue, and the job alone is of interest. */
  get after(): number | null {
    return this.queue.size < this.#bound ? (this.#position ?? null) : null;
  }

  /**
   * The first frames: with `after` the history from there on, without it the picture of now.
   * @returns true when there is more to read at once
   */
  begin(page: LogPage & { job: FollowedJob }, after: number | undefined): boolean {
    this.#position = after;
    if (after === undefined) this.#add(frameOfJob(page.job, 'SNAPSHOT'));
    return this.advance(page);
  }

  /** Queues what is new. @returns true when there is more to read at once */
  advance({ job, after, events }: LogPage): boolean {
    if (this.queue.isEnded) return false;
    if (!job) return this.#close(events);
    if (this.queue.size === 0) this.#excused = job.seq;
    if (this.#delay(job) > this.#bound) {
      this.queue.clear();
      this.#add(frameOfJob(job, 'RESYNC'));
    } else if (after !== null && after === this.#position) {
      this.#take(job, events);
    }
    return this.#conclude(job);
  }

  /** How many events wait because he does not read. */
  #delay(job: FollowedJob): number {
    return Math.min(job.seq - this.#reached + this.queue.size, job.seq - this.#excused);
  }

  /** What fits. Where the next step is not in the log, it was pruned, or he was never there: he is told so by a RESYNC. */
  #take(job: FollowedJob, events: readonly JobEvent[]): void {
    const isKept = job.seq === this.#reached || events[0]?.seq === this.#reached + 1;
    if (!isKept) this.#add(frameOfJob(job, 'RESYNC'));
    for (const event of events) {
      if (event.seq !== this.#reached + 1 || this.queue.size >= this.#bound) return;
      this.#add(frameOfEvent(event));
    }
  }

  #conclude(job: FollowedJob): boolean {
    this.#isBehind = this.#reached < job.seq;
    if (this.#isBehind) return this.queue.size === 0;
    if (isFinished(job.status)) this.queue.end();
    else if (job.status === JobStatus.PROCESSING && !isSameProgress(job.progress, this.#progress)) {
      this.#add(frameOfJob(job, 'PROGRESSED'));
    }
    return false;
  }

  /** The row is gone, and with it all events but the one that says so; however full the queue is, that one has room. */
  #close(events: readonly JobEvent[]): false {
    for (const event of events) if (event.seq > this.#reached) this.#add(frameOfEvent(event));
    this.queue.end();
    return false;
  }

  /** An event, or a picture of the job, which stands for all events up to its seq. */
  #add(frame: JobFrame): void {
    this.queue.push(frame);
    this.#position = frame.seq;
    this.#progress = frame.progress;
  }

  get #reached(): number {
    return this.#position ?? 0;
  }
}
