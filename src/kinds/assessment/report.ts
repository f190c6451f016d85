import { z } from 'zod';
import { LEVELS } from './bands.ts';
import { LIKELIHOODS } from './career.ts';
import { INDUSTRIES, VIRTUE_NAMES } from './dimensions.ts';
import { INDUSTRY_LEVELS } from './industries.ts';

/** One text of a report. */
export const text = z.string().min(10).max(1_000);
const name = z.string().min(1).max(200);
const score = z.int().min(0).max(100);
const mean = z.number().min(0).max(100);
const level = z.enum(LEVELS);
const likelihood = z.enum(LIKELIHOODS);
const texts = (fewest: number, most: number) => z.array(text).min(fewest).max(most);

const inputHash = z.string().regex(/^[0-9a-f]{64}$/);
const tokens = z.int().min(0).max(2_147_483_647);

const rulesEngine = z.strictObject({ name: z.literal('assay-rules'), version: z.literal('1.0.0'), inputHash });

const modelEngine = z.strictObject({
  name: z.string().regex(/^assay-llm:[\x21-\x7e]{1,200}$/),
  version: z.literal('1.0.0'),
  inputHash,
  /** Over all that was asked; null where the endpoint does not count. */
  usage: z.strictObject({ promptTokens: tokens, completionTokens: tokens }).nullable(),
});

const careerRecommendation = z.strictObject({
  careerName: name,
  justification: text,
  relatedMajors: z.array(name).min(2).max(5),
  careerProspect: z.strictObject({
    jobAvailability: likelihood,
    salaryPotential: likelihood,
    careerProgression: likelihood,
    industryGrowth: likelihood,
    skillDevelopment: likelihood,
    aiOvertake: likelihood,
  }),
});

const developmentActivities = z.strictObject({
  extracurricular: texts(2, 4),
  bookRecommendations: z
    .array(z.strictObject({ title: name, author: name, reason: text }))
    .min(2)
    .max(6),
});

const virtues = z.strictObject(
  Object.fromEntries(VIRTUE_NAMES.map((virtue) => [virtue, mean])) as Record<
    (typeof VIRTUE_NAMES)[number],
    typeof mean
  >,
);

const scores = z.strictObject({
  hollandCode: z.string().regex(/^[RIASEC]{3}$/),
  differentiation: score,
  consistency: z.int().min(1).max(3),
  virtues,
  industries: z
    .array(z.strictObject({ industry: z.enum(INDUSTRIES), score, level: z.enum(INDUSTRY_LEVELS) }))
    .length(INDUSTRIES.length),
  bands: z
    .array(z.strictObject({ block: z.enum(['riasec', 'ocean', 'viaIs']), dimension: name, score, band: level }))
    .length(35),
  warnings: z.array(text),
});

/**
 * The stored result of an assessment: texts of 10 to 1,000 characters, virtues with one decimal, consistency 1
 * (adjacent interests) to 3 (opposite ones), industries ranked.
 */
export const reportSchema = z.strictObject({
  archetype: z.string().min(1).max(100),
  shortSummary: text,
  strengthSummary: text,
  weaknessSummary: text,
  learningStyle: text,
  workEnvironment: text,
  coreMotivators: texts(2, 4),
  strengths: texts(3, 6),
  weaknesses: texts(3, 6),
  careerRecommendation: z.array(careerRecommendation).min(3).max(5),
  insights: texts(3, 5),
  skillSuggestion: texts(3, 6),
  possiblePitfalls: texts(2, 5),
  riskTolerance: level,
  roleModel: z
    .array(z.strictObject({ name, title: name }))
    .min(2)
    .max(3),
  developmentActivities,
  scores,
  engine: z.union([rulesEngine, modelEngine]),
});

export type AssessmentReport = z.output<typeof reportSchema>;
export type ModelEngine = z.output<typeof modelEngine>;
