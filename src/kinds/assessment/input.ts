import { z } from 'zod';
import { INDUSTRIES, OCEAN, RIASEC, VIA_IS } from './dimensions.ts';
import { jsonFaults } from './plain-json.ts';

/** Every assessment that can be named at submit. */
export const ASSESSMENT_NAMES = ['AI-Driven Talent Mapping', 'AI-Based IQ Test', 'Custom Assessment'] as const;

/** The assessment that this kind can analyze; the others are refused before a charge. */
export const SUPPORTED_ASSESSMENT_NAME = 'AI-Driven Talent Mapping' satisfies (typeof ASSESSMENT_NAMES)[number];

/** What can write a report. Each is chosen by name, and none stands in for another. */
const ASSESSMENT_ENGINES = ['RULES', 'LANGUAGE_MODEL'] as const;

const MAX_FAULTS = 20;
const MAX_INSTRUMENTS = 20;
const MAX_ANSWERS = 1_000;
const MAX_QUESTION_ID = 128;
const MAX_TEXT = 1_000;
const MAX_WEIGHT = 1_000;

type JsonObject = { [key: string]: unknown };

/** Minus zero and zero are one score, and one canonical form. */
const withoutMinusZero = (value: number) => value + 0;

const score = z
  .int({ error: (issue) => (issue.input === undefined ? 'is required' : 'must be a whole number') })
  .min(0, 'must be at least 0')
  .max(100, 'must be at most 100')
  .overwrite(withoutMinusZero);

const objectError = (issue: { code?: string; input?: unknown }) => {
  if (issue.code === 'unrecognized_keys') return 'has a field that is not known';
  return issue.input === undefined ? 'is required' : 'must be an object';
};

const strict = <Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject(shape, { error: objectError });

function scores<const Name extends string>(names: readonly Name[]) {
  const shape = Object.fromEntries(names.map((name) => [name, score])) as Record<Name, typeof score>;
  return strict(shape);
}

const answerValue = z.union(
  [
    z.number().min(0, 'must be at least 0').max(100, 'must be at most 100').overwrite(withoutMinusZero),
    z.string().max(MAX_TEXT, `must be at most ${MAX_TEXT} characters long`),
    z.boolean(),
  ],
  { error: (issue) => (issue.input === undefined ? 'is required' : 'must be a number, a text, or true or false') },
);

const answer = strict({
  questionId: z
    .string({ error: (issue) => (issue.input === undefined ? 'is required' : 'must be a text') })
    .max(MAX_QUESTION_ID, { error: `must be at most ${MAX_QUESTION_ID} characters long`, abort: true })
    .regex(/^[A-Z0-9\-_.:]+$/, 'may hold only capital letters, digits, and - _ . :'),
  value: answerValue,
  weight: z
    .number({ error: 'must be a number' })
    .min(-MAX_WEIGHT, `must be at least -${MAX_WEIGHT}`)
    .max(MAX_WEIGHT, `must be at most ${MAX_WEIGHT}`)
    .overwrite(withoutMinusZero)
    .optional(),
  // Its content is free, so long as it is plain JSON, which the whole input is checked for.
  meta: z
    .custom<JsonObject>(
      (meta) => typeof meta === 'object' && meta !== null && !Array.isArray(meta),
      'must be an object',
    )
    .optional(),
});

const instrumentName = z.string().regex(/^[A-Za-z0-9 \-_.:]{1,64}$/);

const answers = z
  .array(answer, { error: 'must be a list of answers' })
  .max(MAX_ANSWERS, { error: `must hold at most ${MAX_ANSWERS} answers`, abort: true });

const rawResponses = z
  .record(instrumentName, answers, {
    error: (issue) =>
      issue.code === 'invalid_key'
        ? 'must be named with 1 to 64 letters, digits, spaces, and - _ . :'
        : 'must be an object of instruments',
  })
  .refine((instruments) => Object.keys(instruments).length <= MAX_INSTRUMENTS, {
    error: `must hold at most ${MAX_INSTRUMENTS} instruments`,
  });

const content = strict({
  riasec: scores(RIASEC),
  ocean: scores(OCEAN),
  viaIs: scores(VIA_IS),
  industryScore: scores(INDUSTRIES).nullish(),
  rawResponses: rawResponses.nullish(),
  engine: z.enum(ASSESSMENT_ENGINES, { error: `must be ${ASSESSMENT_ENGINES.join(' or ')}` }).nullish(),
}).transform(({ industryScore, rawResponses, engine, ...blocks }) => ({
  ...blocks,
  ...(industryScore && { industryScore }),
  ...(rawResponses && { rawResponses }),
  // The rules are what there was before there was a choice, so an input that names them is the one that names nothing.
  ...(engine === 'LANGUAGE_MODEL' && { engine }),
}));

/**
 * Scores (whole numbers, 0 to 100) and, optionally, scores per field of work and the answers they come from. An absent
 * and a null optional field are the same, and RULES as the engine is what an absent one means. Issue paths are JSON
 * paths; messages never repeat the input.
 */
export const assessmentInput = z
  .unknown()
  .superRefine((value, context) => {
    let count = 0;
    for (const { path, message } of jsonFaults(value)) {
      context.addIssue({ code: 'custom', path, message });
      count += 1;
      if (count === MAX_FAULTS) return;
    }
  })
  .pipe(content);

export type AssessmentInput = z.output<typeof assessmentInput>;
/** One answer to one item of an instrument. */
export type Answer = z.output<typeof answer>;
