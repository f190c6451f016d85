import { assessment } from './assessment/index.ts';
import { compress } from './compress/index.ts';
import { forecast } from './forecast/index.ts';
import type { Kind } from './kind.ts';
import { probe } from './probe/index.ts';

type JobKind = 'ASSESSMENT' | 'SYNC' | 'FORECAST' | 'COMPRESS' | 'PROBE';

/** The kinds that can be run, by the name that a job carries. */
export const kinds = { ASSESSMENT: assessment, COMPRESS: compress, FORECAST: forecast, PROBE: probe } satisfies Partial<
  Record<JobKind, Kind<unknown, unknown>>
>;
