import { clockMs } from './figures.ts';
import { eventKey } from './jobs.ts';

const SEQ = /"seq":(\d+)/;
const JOB_ID = /"jobId":"([\da-f-]+)"/;
/** Where both stand in a message, if they are selected before what is long. */
const HEAD = 512;

/** When which event arrived, at how many. */
export class Arrivals {
  readonly #times = new Map<string, number[]>();
  #count = 0;

  /** Deliveries. */
  get count(): number {
    return this.#count;
  }

  /** Notes a message that has just come. */
  note(text: Buffer): void {
    const now = clockMs();
    const head = text.toString('latin1', 0, HEAD);
    const key = eventKey(JOB_ID.exec(head)?.[1] ?? '', SEQ.exec(head)?.[1] ?? '');
    const times = this.#times.get(key);
    if (times) times.push(now);
    else this.#times.set(key, [now]);
    this.#count += 1;
  }

  /** Milliseconds from the commit to each delivery. Messages that are no events have no commit and are left out. */
  latencies(commits: ReadonlyMap<string, number>): number[] {
    return [...this.#times].flatMap(([key, times]) => {
      const committed = commits.get(key);
      return committed === undefined ? [] : times.map((time) => time - committed);
    });
  }
}
