import { z } from 'zod';
import { type AssessmentReport, text } from '../report.ts';

/** The texts of a report that say something about somebody, each list in the order of what its entries are about. */
export interface Prose {
  shortSummary: string;
  strengthSummary: string;
  weaknessSummary: string;
  learningStyle: string;
  workEnvironment: string;
  coreMotivators: string[];
  strengths: string[];
  weaknesses: string[];
  insights: string[];
  possiblePitfalls: string[];
  skillSuggestion: string[];
  extracurricular: string[];
  /** Why each career fits. */
  careerJustifications: string[];
  /** Why each book was chosen. */
  bookReasons: string[];
}

/** The prose of a report. Its warnings are none: they name what the user named, and are facts. */
export function proseOf(report: AssessmentReport): Prose {
  const { extracurricular, bookRecommendations } = report.developmentActivities;
  return {
    shortSummary: report.shortSummary,
    strengthSummary: report.strengthSummary,
    weaknessSummary: report.weaknessSummary,
    learningStyle: report.learningStyle,
    workEnvironment: report.workEnvironment,
    coreMotivators: report.coreMotivators,
    strengths: report.strengths,
    weaknesses: report.weaknesses,
    insights: report.insights,
    possiblePitfalls: report.possiblePitfalls,
    skillSuggestion: report.skillSuggestion,
    extracurricular,
    careerJustifications: report.careerRecommendation.map(({ justification }) => justification),
    bookReasons: bookRecommendations.map(({ reason }) => reason),
  };
}

/** The same report in other words: all that is no prose stays as it is. */
export function reworded(report: AssessmentReport, prose: Prose): AssessmentReport {
  const { extracurricular, careerJustifications, bookReasons, ...texts } = prose;
  return {
    ...report,
    ...texts,
    careerRecommendation: report.careerRecommendation.map((career, index) => ({
      ...career,
      justification: careerJustifications[index] ?? '',
    })),
    developmentActivities: {
      extracurricular,
      bookRecommendations: report.developmentActivities.bookRecommendations.map((book, index) => ({
        ...book,
        reason: bookReasons[index] ?? '',
      })),
    },
  };
}

/** What prose in the place of another must look like: the same texts, and as many of each. */
export function proseLike(draft: Prose): z.ZodType<Prose> {
  const shape = Object.entries(draft).map(([name, value]: [string, string | string[]]) => [
    name,
    typeof value === 'string' ? text : z.array(text).length(value.length),
  ]);
  return z.strictObject(Object.fromEntries(shape)) as unknown as z.ZodType<Prose>;
}

/**
 * The form of prose as JSON Schema. Without the lengths of texts, which some endpoints refuse a schema for; they are
 * asked for in words, and checked.
 */
export function jsonSchemaOf(prose: z.ZodType<Prose>): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(prose, {
    override({ jsonSchema }) {
      delete jsonSchema.minLength;
      delete jsonSchema.maxLength;
    },
  });
  return schema;
}
