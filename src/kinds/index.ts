import type { JobKind } from '../entities/job-status.ts';
import { assessment } from './assessment/index.ts';
import { compress } from './compress/index.ts';
import { forecast } from './forecast/index.ts';
import type { Kind } from './kind.ts';
import { probe } from './probe/index.ts';
import { sync } from './sync/index.ts';

/** What runs the jobs, by the name that they carry. */
export const kinds = {
  ASSESSMENT: assessment,
  COMPRESS: compress,
  FORECAST: forecast,
  PROBE: probe,
  SYNC: sync,
} satisfies Record<JobKind, Kind<unknown, unknown>>;
