/** How far a job is. `percent` is 0 to 100; the rest is free for the kind to fill. */
export interface Progress {
  percent: number;
  stage?: string;
  message?: string;
  offset?: number;
  current?: number;
  expected?: number;
}
