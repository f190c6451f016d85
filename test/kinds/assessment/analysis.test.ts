import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyze } from '../../../src/kinds/assessment/analysis.ts';
import { INDUSTRY_LABELS, type Industry } from '../../../src/kinds/assessment/dimensions.ts';
import { findingsOf } from '../../../src/kinds/assessment/finding.ts';
import { type AssessmentInput, assessmentInput } from '../../../src/kinds/assessment/input.ts';
import { type AssessmentReport, reportSchema } from '../../../src/kinds/assessment/report.ts';
import { anyRespondent, respondent } from './respondents.ts';

const RESPONDENTS = new URL('../../../../shared/data/respondents.jsonl', import.meta.url);

/** Everything that is said to the respondent. */
function textsOf(report: AssessmentReport): string[] {
  const { extracurricular, bookRecommendations } = report.developmentActivities;
  return [
    report.shortSummary,
    report.strengthSummary,
    report.weaknessSummary,
    report.learningStyle,
    report.workEnvironment,
    ...report.coreMotivators,
    ...report.strengths,
    ...report.weaknesses,
    ...report.careerRecommendation.map(({ justification }) => justification),
    ...report.insights,
    ...report.skillSuggestion,
    ...report.possiblePitfalls,
    ...extracurricular,
    ...bookRecommendations.map(({ reason }) => reason),
  ];
}

/** What may be cited: "name (score)" of each dimension, virtue and field of work of this respondent. */
function citable(input: AssessmentInput, { scores }: AssessmentReport): string[] {
  return [
    ...findingsOf(input).map(({ note, score }) => `${note.label} (${score})`),
    ...Object.entries(scores.virtues).map(([virtue, mean]) => `${virtue} (${mean})`),
    ...scores.industries.map(({ industry, score }) => `${INDUSTRY_LABELS[industry as Industry]} (${score})`),
  ];
}

/** Sentences that cite nothing, or something that is no score of this respondent. */
function ungrounded(input: AssessmentInput, report: AssessmentReport): string[] {
  const known = citable(input, report);
  const isKnown = (citation: string) => known.some((each) => citation === each || citation.endsWith(` ${each}`));
  const sentences = textsOf(report).flatMap((text) => text.split(/(?<=\.) (?=[A-Z])/));
  return sentences.filter((sentence) => {
    const citations = sentence.match(/[a-z][a-z -]* \([\d.]+\)/g) ?? [];
    return citations.length === 0 || !citations.every(isKnown);
  });
}

/** The same value with the keys of every object the other way round. */
function turnedRound(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turnedRound);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, turnedRound(item)]);
  return Object.fromEntries(entries.reverse());
}

describe('a report', () => {
  it('fits its schema for every input', () => {
    fc.assert(
      fc.property(anyRespondent, (input) => {
        const report = analyze(input);
        expect(reportSchema.parse(report)).toEqual(report);
      }),
    );
  });

  it('names in each sentence a dimension, a virtue or a field of work with the score that the respondent has', () => {
    fc.assert(
      fc.property(anyRespondent, (input) => {
        expect(ungrounded(input, analyze(input))).toEqual([]);
      }),
    );
  });

  it('is the same, byte for byte, for the same input, whatever the order of its keys', () => {
    fc.assert(
      fc.property(anyRespondent, (input) => {
        const printed = JSON.stringify(analyze(input));
        expect(JSON.stringify(analyze(structuredClone(input)))).toBe(printed);
        expect(JSON.stringify(analyze(turnedRound(input) as AssessmentInput))).toBe(printed);
      }),
    );
  });

  it('leaves its input as it was', () => {
    fc.assert(
      fc.property(anyRespondent, (input) => {
        const before = structuredClone(input);
        analyze(input);
        expect(input).toEqual(before);
      }),
    );
  });

  it('uses no sentence twice', () => {
    fc.assert(
      fc.property(anyRespondent, (input) => {
        const texts = textsOf(analyze(input));
        expect(new Set(texts).size).toBe(texts.length);
      }),
    );
  });

  it.each([0, 50, 100])('is whole and grounded for scores of %i throughout', (score) => {
    const input = respondent(score);
    const report = reportSchema.parse(analyze(input));
    expect(ungrounded(input, report)).toEqual([]);
    expect(report.archetype).toBe('Practical Analyst');
    expect(report.scores.hollandCode).toBe('RIA');
    expect(report.scores.differentiation).toBe(0);
  });

  it('gives the band of all 35 dimensions, in their order', () => {
    const { bands } = analyze(respondent(50, { realistic: 81, spirituality: 20 })).scores;
    expect(bands).toHaveLength(35);
    expect(bands[0]).toEqual({ block: 'riasec', dimension: 'realistic', score: 81, band: 'VERY_HIGH' });
    expect(bands[34]).toEqual({ block: 'viaIs', dimension: 'spirituality', score: 20, band: 'VERY_LOW' });
  });

  it('differs between people', () => {
    const summaries = [0, 50, 100].map((score) => analyze(respondent(score)).shortSummary);
    expect(new Set(summaries).size).toBe(3);
  });
});

describe('the input hash', () => {
  it('is the SHA-256 of the canonical input', () => {
    const input = respondent(50);
    // Independent of the library: here all keys are plain letters and all values whole numbers.
    const canonical = JSON.stringify(input, ['ocean', 'riasec', 'viaIs', ...keysOf(input)].toSorted());
    const expected = createHash('sha256').update(canonical).digest('hex');
    expect(analyze(input).engine).toEqual({ name: 'assay-rules', version: '1.0.0', inputHash: expected });
  });

  it('tells apart inputs that give the same scores', () => {
    const input = respondent(50);
    const answered = { ...input, rawResponses: { ocean: [{ questionId: 'A', value: 1 }] } };
    expect(analyze(answered).engine.inputHash).not.toBe(analyze(input).engine.inputHash);
  });

  function keysOf({ riasec, ocean, viaIs }: AssessmentInput): string[] {
    return [riasec, ocean, viaIs].flatMap((block) => Object.keys(block));
  }
});

describe('400 real respondents', () => {
  it('all get a whole and grounded report', ({ skip }) => {
    if (!existsSync(RESPONDENTS)) skip(`the respondents' file is not there: ${RESPONDENTS.pathname}`);
    const lines = readFileSync(RESPONDENTS, 'utf8').trim().split('\n');
    expect(lines).toHaveLength(400);
    for (const line of lines) {
      const { riasec, ocean, viaIs, rawResponses } = JSON.parse(line) as AssessmentInput;
      const input = assessmentInput.parse({ riasec, ocean, viaIs, rawResponses });
      expect(ungrounded(input, reportSchema.parse(analyze(input)))).toEqual([]);
    }
  });
});
