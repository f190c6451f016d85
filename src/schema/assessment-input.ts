import 'reflect-metadata';
import { Field, InputType, Int } from 'type-graphql';
import { AssessmentEngine } from './assessment-engine.ts';
import { GraphQLStrictJson } from './json.ts';

/** Makes an input type of scores. `dimensions` maps the name of each field to what it measures. */
function scoresInput<Dimension extends string>(
  name: string,
  description: string,
  dimensions: Record<Dimension, string>,
): new () => Record<Dimension, number> {
  class Scores {}
  for (const [dimension, meaning] of Object.entries<string>(dimensions)) {
    Field(() => Int, { description: `${meaning} 0 to 100.` })(Scores.prototype, dimension);
  }
  InputType(name, { description })(Scores);
  return Scores as new () => Record<Dimension, number>;
}

export const RiasecInput = scoresInput(
  'RiasecInput',
  "Scores of the six vocational interests (Holland's RIASEC), integers from 0 to 100. All are required.",
  {
    realistic: 'Interest in practical work with tools, machines, plants and animals.',
    investigative: 'Interest in observing, researching and solving abstract problems.',
    artistic: 'Interest in creating, designing and expressing ideas freely.',
    social: 'Interest in teaching, helping and caring for people.',
    enterprising: 'Interest in leading, persuading and selling.',
    conventional: 'Interest in order, data, rules and clear procedures.',
  },
);
export type RiasecInput = InstanceType<typeof RiasecInput>;

export const OceanInput = scoresInput(
  'OceanInput',
  'Scores of the five personality traits (Big Five), integers from 0 to 100. All are required.',
  {
    openness: 'Curiosity, imagination and liking for the new.',
    conscientiousness: 'Orderliness, diligence and reliability.',
    extraversion: 'Sociability, energy and assertiveness.',
    agreeableness: 'Compassion, trust and willingness to cooperate.',
    neuroticism: 'Tendency to worry and to unstable moods: high means less calm.',
  },
);
export type OceanInput = InstanceType<typeof OceanInput>;

export const ViaIsInput = scoresInput(
  'ViaIsInput',
  'Scores of the 24 character strengths (VIA Inventory of Strengths), integers from 0 to 100. All are required.',
  {
    creativity: 'Thinking of new and useful ways to do things.',
    curiosity: 'Taking an interest in experience for its own sake.',
    judgment: 'Thinking things through and examining them from all sides.',
    loveOfLearning: 'Mastering new skills and bodies of knowledge.',
    perspective: 'Seeing the whole and giving wise counsel.',
    bravery: 'Not shrinking from threat, challenge or pain.',
    perseverance: 'Finishing what one starts, in spite of obstacles.',
    honesty: 'Speaking the truth and being what one seems.',
    zest: 'Approaching life with energy and excitement.',
    love: 'Valuing close relations with others.',
    kindness: 'Doing favours and good deeds for others.',
    socialIntelligence: 'Being aware of the motives and feelings of others and oneself.',
    teamwork: 'Working well as a member of a group.',
    fairness: 'Treating all people the same, without bias.',
    leadership: 'Encouraging a group to get things done.',
    forgiveness: 'Forgiving those who have done wrong.',
    humility: 'Letting accomplishments speak for themselves.',
    prudence: 'Being careful about choices, not taking undue risks.',
    selfRegulation: 'Controlling what one feels and does.',
    appreciationOfBeauty: 'Noticing beauty and excellence in all parts of life.',
    gratitude: 'Being aware of good things and thankful for them.',
    hope: 'Expecting the best and working to achieve it.',
    humor: 'Liking to laugh and bringing smiles to others.',
    spirituality: 'Having beliefs about a higher purpose and meaning.',
  },
);
export type ViaIsInput = InstanceType<typeof ViaIsInput>;

export const IndustryScoreInput = scoresInput(
  'IndustryScoreInput',
  'How well each of 24 industries suits the person, integers from 0 to 100, under their Indonesian names. All are required where the block is given.',
  {
    teknologi: 'Fit for technology and software.',
    kesehatan: 'Fit for health care.',
    keuangan: 'Fit for finance and banking.',
    pendidikan: 'Fit for education.',
    rekayasa: 'Fit for engineering.',
    pemasaran: 'Fit for marketing.',
    hukum: 'Fit for law.',
    kreatif: 'Fit for the creative industries and design.',
    media: 'Fit for media and journalism.',
    penjualan: 'Fit for sales.',
    sains: 'Fit for science and research.',
    manufaktur: 'Fit for manufacturing.',
    agrikultur: 'Fit for agriculture.',
    pemerintahan: 'Fit for government and public service.',
    konsultasi: 'Fit for consulting.',
    pariwisata: 'Fit for tourism and hospitality.',
    logistik: 'Fit for logistics and transport.',
    energi: 'Fit for energy.',
    sosial: 'Fit for social work and non-profit organisations.',
    olahraga: 'Fit for sports.',
    properti: 'Fit for real estate.',
    kuliner: 'Fit for food and gastronomy.',
    perdagangan: 'Fit for trade and retail.',
    telekomunikasi: 'Fit for telecommunications.',
  },
);
export type IndustryScoreInput = InstanceType<typeof IndustryScoreInput>;

@InputType({
  description: 'One assessment to score. It is charged at submit, and refunded if it fails or is cancelled.',
})
export class SubmitAssessmentInput {
  @Field(() => String, {
    nullable: true,
    defaultValue: 'AI-Driven Talent Mapping',
    description:
      'Which assessment it is. A name without an engine is refused with UNSUPPORTED_ASSESSMENT before any charge.',
  })
  assessmentName?: string | null;

  @Field(() => RiasecInput, { description: 'The six vocational interests.' })
  riasec!: RiasecInput;

  @Field(() => OceanInput, { description: 'The five personality traits.' })
  ocean!: OceanInput;

  @Field(() => ViaIsInput, { description: 'The 24 character strengths.' })
  viaIs!: ViaIsInput;

  @Field(() => IndustryScoreInput, {
    nullable: true,
    description: 'The fit for 24 industries. Computed from the other three blocks where it is missing.',
  })
  industryScore?: IndustryScoreInput | null;

  @Field(() => GraphQLStrictJson, {
    nullable: true,
    description:
      'The answers to single questions: an object from the name of an instrument to a list of `{ questionId, value, weight, meta }`. `questionId` consists of A-Z, 0-9 and `- _ . :`; `value` is a number from 0 to 100, a text of at most 1,000 characters, or a boolean; `weight` and `meta` may be left out. Where an instrument is complete, the given scores are checked against it.',
  })
  rawResponses?: unknown;

  @Field(() => AssessmentEngine, {
    nullable: true,
    defaultValue: AssessmentEngine.RULES,
    description:
      'What writes the report. LANGUAGE_MODEL is refused with UNSUPPORTED_ASSESSMENT, before any charge, where no language model is configured; neither engine ever stands in for the other.',
  })
  engine?: AssessmentEngine | null;

  @Field(() => String, {
    nullable: true,
    description:
      'A key of 1 to 255 printable characters that makes it safe to send the same submit again: the same key with the same input gives the same job, charged once. With a different input it is refused with IDEMPOTENCY_KEY_REUSED.',
  })
  idempotencyKey?: string | null;
}

@InputType({ description: 'Many assessments to score, each one a job of its own.' })
export class SubmitAssessmentsInput {
  @Field(() => [SubmitAssessmentInput], {
    description: '1 to 100 assessments, each with an idempotency key of its own. The mutation limit counts each row.',
  })
  rows!: SubmitAssessmentInput[];
}
