import { z } from 'zod';

export const syncInput = z.strictObject({ source: z.string().regex(/^[A-Z_]{1,64}$/) });
export type SyncInput = z.output<typeof syncInput>;

const count = z.int().min(0);

export const syncOutput = z.strictObject({
  source: z.string(),
  /** Different rows: as many records the source has now. */
  records: count,
  /** Rows that were read, repeated ones included. */
  rows: count,
  /** How many the source said it has; null where it did not say. */
  announced: count.nullable(),
  pages: count,
  bytes: count,
  /** What was odd about the source, in sentences. */
  warnings: z.array(z.string()),
});
export type SyncOutput = z.output<typeof syncOutput>;
