import { coreMotivators, extracurricular, possiblePitfalls, skillSuggestion } from './advice.ts';
import { careerRecommendations } from './career-match.ts';
import { engineStamp } from './engine.ts';
import { strengthSentence, weaknessSentence } from './extremes.ts';
import type { AssessmentInput } from './input.ts';
import { insights } from './insights.ts';
import { type Profile, profileOf } from './profile.ts';
import { bookRecommendations, roleModels } from './reading.ts';
import type { AssessmentReport } from './report.ts';
import { shortSummary, strengthSummary, weaknessSummary } from './summaries.ts';
import { learningStyle, workEnvironment } from './ways.ts';

type Prose = ReturnType<typeof prose>;
type Recommendations = ReturnType<typeof recommendations>;

/**
 * The report of an input. Pure and deterministic: equal input gives an equal report, byte for byte once it is printed
 * as JSON, whatever the order of the input's keys. It sorts and words the scores it is given; it is no validated
 * psychological test.
 */
export function analyze(input: AssessmentInput): AssessmentReport {
  const profile = profileOf(input);
  return assemble(input, profile, prose(profile), recommendations(profile));
}

/** What is said about the respondent. */
export function prose(profile: Profile) {
  return {
    shortSummary: shortSummary(profile),
    strengthSummary: strengthSummary(profile),
    weaknessSummary: weaknessSummary(profile),
    learningStyle: learningStyle(profile),
    workEnvironment: workEnvironment(profile),
    coreMotivators: coreMotivators(profile),
    strengths: profile.strengths.all.map(strengthSentence),
    weaknesses: profile.weaknesses.all.map(weaknessSentence),
    insights: insights(profile),
    possiblePitfalls: possiblePitfalls(profile),
  };
}

/** What is suggested to the respondent. */
export function recommendations(profile: Profile) {
  return {
    careerRecommendation: careerRecommendations(profile),
    skillSuggestion: skillSuggestion(profile),
    roleModel: roleModels(profile),
    developmentActivities: {
      extracurricular: extracurricular(profile),
      bookRecommendations: bookRecommendations(profile),
    },
  };
}

/** Puts the parts together, with the scores they rest on and the engine that made them. */
export function assemble(
  input: AssessmentInput,
  profile: Profile,
  prose: Prose,
  recommendations: Recommendations,
): AssessmentReport {
  return {
    archetype: profile.archetype,
    ...prose,
    ...recommendations,
    riskTolerance: profile.riskTolerance,
    scores: scoresOf(profile),
    engine: engineStamp(input),
  };
}

function scoresOf({ holland, virtues, industries, findings, warnings }: Profile): AssessmentReport['scores'] {
  return {
    hollandCode: holland.code,
    differentiation: holland.differentiation,
    consistency: holland.consistency,
    virtues,
    industries: [...industries.all],
    bands: findings.map(({ block, dimension, score, band }) => ({ block, dimension, score, band })),
    warnings,
  };
}
