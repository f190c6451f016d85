import { isFinished } from '../entities/job-status.ts';
import type { Progress } from '../entities/progress.ts';
import { frameOfEvent, frameOfJob, type JobFrame } from './frame.ts';
import type { FrameQueue } from './frame-queue.ts';
import { type LogPage, PAGE } from './log.ts';

/** One subscriber of one job: where he is in its log, and what still waits for him. */
export class Follower {
  readonly jobId: string;
  readonly queue: FrameQueue;
  /** The seq up to which everything is queued; undefined until the first read. */
  position: number | undefined;
  #lastProgress: Progress | undefined;

  constructor(jobId: string, queue: FrameQueue) {
    this.jobId = jobId;
    this.queue = queue;
  }

  /**
   * The first frames. Without `after` the picture of now; with it, the history from there on, or one RESYNC where that
   * history does not exist: `after` lies beyond the log, or in a part of it that was pruned.
   * @returns true when there is more to read at once
   */
  begin(page: LogPage & { job: NonNullable<LogPage['job']> }, after: number | undefined): boolean {
    const { job, events } = page;
    if (after === undefined) return this.#show(frameOfJob(job, 'SNAPSHOT'), page);
    const known = after === job.seq || events[0]?.seq === after + 1;
    if (!known) return this.#show(frameOfJob(job, 'RESYNC'), page);
    this.position = after;
    return this.advance(page);
  }

  /** Queues what is new. @returns true when there is more to read at once */
  advance(page: LogPage): boolean {
    const { job, events } = page;
    for (const event of events) {
      const position = this.position ?? 0;
      if (event.seq <= position) continue;
      const isGap = job !== null && event.seq > position + 1;
      if (isGap || !this.queue.push(frameOfEvent(event))) return this.#startAnew(page);
      this.position = event.seq;
    }
    const isMore = events.length === PAGE;
    if (!job) return isMore || this.#end();
    // The events were read after the row. So they may be ahead of it, and then the next read will judge; if they stop
    // short of it, the rest was pruned.
    if (this.position !== job.seq) return isMore || (this.position ?? 0) > job.seq || this.#startAnew(page);
    if (isFinished(job.status)) return this.#end();
    this.#showProgress(frameOfJob(job, 'PROGRESSED'));
    return false;
  }

  /** Where steps are missing, the subscriber is told so by a picture of the whole, and goes on from there. */
  #startAnew({ job }: LogPage): boolean {
    return job ? this.#show(frameOfJob(job, 'RESYNC'), { job, events: [] }) : this.#end();
  }

  /** A picture of the whole job stands for all events up to its seq. */
  #show(frame: JobFrame, page: LogPage): boolean {
    this.queue.push(frame);
    this.position = frame.seq;
    this.#lastProgress = frame.progress;
    return this.advance(page);
  }

  #showProgress(frame: JobFrame): void {
    const isNews = frame.status === 'PROCESSING' && JSON.stringify(frame.progress) !== JSON.stringify(this.#lastProgress);
    const isFirst = this.#lastProgress === undefined && frame.progress.percent === 0;
    this.#lastProgress = frame.progress;
    if (isNews && !isFirst) this.queue.push(frame);
  }

  #end(): false {
    this.queue.end();
    return false;
  }
}
