import { Field, Float, Int, ObjectType } from 'type-graphql';
import { IndustryLevel, Level, Likelihood } from './enums.ts';

@ObjectType({ description: 'The outlook of a career, one judgement for each side of it.' })
export class CareerProspect {
  @Field(() => Likelihood, { description: 'How easy it is to find a position.' })
  jobAvailability!: Likelihood;

  @Field(() => Likelihood, { description: 'How much can be earned.' })
  salaryPotential!: Likelihood;

  @Field(() => Likelihood, { description: 'How well one can rise.' })
  careerProgression!: Likelihood;

  @Field(() => Likelihood, { description: 'How fast the industry grows.' })
  industryGrowth!: Likelihood;

  @Field(() => Likelihood, { description: 'How much one learns on the way.' })
  skillDevelopment!: Likelihood;

  @Field(() => Likelihood, { description: 'How likely the work is to be taken over by AI: here low is the good news.' })
  aiOvertake!: Likelihood;
}

@ObjectType({ description: 'A career that fits the scores.' })
export class CareerRecommendation {
  @Field(() => String, { description: 'The name of the career.' })
  careerName!: string;

  @Field(() => String, { description: 'Why it fits, naming the scores it comes from.' })
  justification!: string;

  @Field(() => [String], { description: '2 to 5 fields of study that lead to it.' })
  relatedMajors!: string[];

  @Field(() => CareerProspect, { description: 'The outlook of this career.' })
  careerProspect!: CareerProspect;
}

@ObjectType({ description: 'A person whose path resembles the scores.' })
export class RoleModel {
  @Field(() => String, { description: 'The name of the person.' })
  name!: string;

  @Field(() => String, { description: 'What the person is known as.' })
  title!: string;
}

@ObjectType({ description: 'A book that helps with something the scores show.' })
export class BookRecommendation {
  @Field(() => String, { description: 'The title of the book.' })
  title!: string;

  @Field(() => String, { description: 'Who wrote it.' })
  author!: string;

  @Field(() => String, { description: 'Why this book, naming the scores it comes from.' })
  reason!: string;
}

@ObjectType({ description: 'What to do in order to grow.' })
export class DevelopmentActivities {
  @Field(() => [String], { description: '2 to 4 activities beside school or work.' })
  extracurricular!: string[];

  @Field(() => [BookRecommendation], { description: '2 to 6 books.' })
  bookRecommendations!: BookRecommendation[];
}

@ObjectType({ description: 'How well one industry suits the person.' })
export class IndustryRank {
  @Field(() => String, {
    description: 'The name of the industry, spelled as in `IndustryScoreInput`, such as `teknologi`.',
  })
  industry!: string;

  @Field(() => Int, { description: '0 to 100: as submitted, or computed from the other scores.' })
  score!: number;

  @Field(() => IndustryLevel, { description: 'The same in words.' })
  level!: IndustryLevel;
}

@ObjectType({ description: 'The six virtues, each the mean of the character strengths that belong to it, 0 to 100.' })
export class Virtues {
  @Field(() => Float, { description: 'Of creativity, curiosity, judgment, love of learning and perspective.' })
  wisdom!: number;

  @Field(() => Float, { description: 'Of bravery, perseverance, honesty and zest.' })
  courage!: number;

  @Field(() => Float, { description: 'Of love, kindness and social intelligence.' })
  humanity!: number;

  @Field(() => Float, { description: 'Of teamwork, fairness and leadership.' })
  justice!: number;

  @Field(() => Float, { description: 'Of forgiveness, humility, prudence and self-regulation.' })
  temperance!: number;

  @Field(() => Float, { description: 'Of appreciation of beauty, gratitude, hope, humor and spirituality.' })
  transcendence!: number;
}

@ObjectType({ description: 'One submitted score and the band it falls into.' })
export class DimensionBand {
  @Field(() => String, { description: 'The block of the input it belongs to: `riasec`, `ocean` or `viaIs`.' })
  block!: string;

  @Field(() => String, { description: 'The field within that block, such as `realistic`.' })
  dimension!: string;

  @Field(() => Int, { description: '0 to 100, as submitted.' })
  score!: number;

  @Field(() => Level, { description: 'The same in words.' })
  band!: Level;
}

@ObjectType({ description: 'The figures behind the prose.' })
export class AssessmentScores {
  @Field(() => String, {
    description: 'The letters R, I, A, S, E and C by falling score of interest; equal scores keep that order.',
  })
  hollandCode!: string;

  @Field(() => Int, {
    description: 'How clear the profile of interests is: the highest minus the lowest score, 0 to 100.',
  })
  differentiation!: number;

  @Field(() => Int, {
    description:
      'How near the two strongest interests are on the hexagon of interests: 1 side by side (high consistency), 2 one apart, 3 opposite (low).',
  })
  consistency!: number;

  @Field(() => Virtues, { description: 'The character strengths summed up as six virtues.' })
  virtues!: Virtues;

  @Field(() => [IndustryRank], { description: 'All 24 industries, the best fit first.' })
  industries!: IndustryRank[];

  @Field(() => [DimensionBand], { description: 'Every submitted dimension with its band.' })
  bands!: DimensionBand[];

  @Field(() => [String], {
    description:
      'What a reader should know before trusting the scores, such as answers that are nearly all the same. Often empty.',
  })
  warnings!: string[];
}

@ObjectType({ description: 'The tokens that a language model counted for a report, a second try included.' })
export class TokenUsage {
  @Field(() => Int, { description: 'Tokens that it read.' })
  promptTokens!: number;

  @Field(() => Int, { description: 'Tokens that it wrote.' })
  completionTokens!: number;
}

@ObjectType({
  description:
    'What wrote the report. Under `assay-rules` the same version and input give the same report, byte for byte. Under `assay-llm:`, followed by the name of a language model, that model worded the texts; every score, rank, band, name and level is still of the rules.',
})
export class Engine {
  @Field(() => String, { description: '`assay-rules`, or `assay-llm:` and the name of the language model.' })
  name!: string;

  @Field(() => String, { description: 'Its version.' })
  version!: string;

  @Field(() => String, { description: 'SHA-256 of the canonical input, in hexadecimal.' })
  inputHash!: string;

  @Field(() => TokenUsage, {
    nullable: true,
    description: 'What a language model counted. Null for the rules, and where its endpoint does not count.',
  })
  usage?: TokenUsage | null;
}

@ObjectType({ description: 'The report of an assessment. Every sentence is drawn from the scores.' })
export class AssessmentReport {
  @Field(() => String, {
    description: 'A name for the whole profile, at most 100 characters, from the two strongest interests.',
  })
  archetype!: string;

  @Field(() => String, { description: 'The profile in short, 10 to 1,000 characters.' })
  shortSummary!: string;

  @Field(() => String, { description: 'What the person is good at, 10 to 1,000 characters.' })
  strengthSummary!: string;

  @Field(() => String, { description: 'What comes less easily, 10 to 1,000 characters.' })
  weaknessSummary!: string;

  @Field(() => String, { description: 'How the person learns best, 10 to 1,000 characters.' })
  learningStyle!: string;

  @Field(() => String, { description: 'Where the person works best, 10 to 1,000 characters.' })
  workEnvironment!: string;

  @Field(() => [String], { description: '2 to 4 things that drive the person.' })
  coreMotivators!: string[];

  @Field(() => [String], { description: '3 to 6 strengths, the most marked first.' })
  strengths!: string[];

  @Field(() => [String], { description: '3 to 6 weaknesses, the most marked first.' })
  weaknesses!: string[];

  @Field(() => [CareerRecommendation], { description: '3 to 5 careers, the best fit first.' })
  careerRecommendation!: CareerRecommendation[];

  @Field(() => [String], { description: '3 to 5 observations on how the scores work together.' })
  insights!: string[];

  @Field(() => [String], { description: '3 to 6 skills that are worth building.' })
  skillSuggestion!: string[];

  @Field(() => [String], { description: '2 to 5 traps to look out for.' })
  possiblePitfalls!: string[];

  @Field(() => Level, { description: 'How much risk the person bears: from openness, extraversion and calm.' })
  riskTolerance!: Level;

  @Field(() => [RoleModel], { description: '2 or 3 people whose path resembles the profile.' })
  roleModel!: RoleModel[];

  @Field(() => DevelopmentActivities, { description: 'What to do in order to grow.' })
  developmentActivities!: DevelopmentActivities;

  @Field(() => AssessmentScores, { description: 'The figures behind the prose.' })
  scores!: AssessmentScores;

  @Field(() => Engine, { description: 'What wrote this report.' })
  engine!: Engine;
}
