import { z } from 'zod';
import { type DateForm, dateFormOf } from './dates.ts';

export const ROUNDING_MODES = ['NONE', 'NEAREST', 'UP', 'DOWN'] as const;
export type RoundingMode = (typeof ROUNDING_MODES)[number];

const ISO = 'YYYY-MM-DD';
const MOST_SITES = 1_000;

/** A word that names a part or a site. */
const codeSchema = z
  .string()
  .min(1, 'must not be empty')
  .max(100, 'must have at most 100 characters')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be in it
  .regex(/^[^\u0000-\u001f\u007f]*$/, 'must not have control characters');

/** How to forecast. Which file is not said here: it belongs to the job. */
export const forecastInput = z
  .strictObject({
    horizon: z.int('must be a whole number').min(1, 'must be at least 1').max(90, 'must be at most 90'),
    siteCodes: z
      .array(codeSchema)
      .min(1, 'must name a site, or be left out')
      .max(MOST_SITES, `must name at most ${MOST_SITES} sites`)
      .nullish()
      .transform((codes) => codes ?? null),
    startDate: z
      .string()
      .nullish()
      .transform((text) => text ?? null),
    zeroThreshold: z
      .number()
      .min(0, 'must not be negative')
      .max(1_000_000_000, 'must be at most 1000000000')
      .nullish()
      .transform((value) => value ?? 0),
    rounding: z
      .enum(ROUNDING_MODES)
      .nullish()
      .transform((mode): RoundingMode => mode ?? 'NEAREST'),
    dateFormat: z
      .string()
      .nullish()
      .transform((form) => form ?? ISO),
  })
  .superRefine(({ dateFormat, startDate }, context) => {
    const form = dateFormat.length <= 20 ? dateFormOf(dateFormat) : null;
    if (!form) {
      const message = 'must have YYYY, MM and DD once each, with - / . or spaces between';
      context.addIssue({ code: 'custom', path: ['dateFormat'], message });
    } else if (startDate !== null && form.read(startDate) === null) {
      context.addIssue({ code: 'custom', path: ['startDate'], message: `must be a day in the form ${dateFormat}` });
    }
  });
export type ForecastInput = z.output<typeof forecastInput>;

/** The form of dates of an input that was checked. @throws for one that was not */
export function formOf({ dateFormat }: ForecastInput): DateForm {
  const form = dateFormOf(dateFormat);
  if (!form) throw new Error('The form of dates was not checked.');
  return form;
}
