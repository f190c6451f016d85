const RIASEC = ['realistic', 'investigative', 'artistic', 'social', 'enterprising', 'conventional'];
const OCEAN = ['openness', 'conscientiousness', 'extraversion', 'agreeableness', 'neuroticism'];
const VIA_IS = [
  ...['creativity', 'curiosity', 'judgment', 'loveOfLearning', 'perspective', 'bravery', 'perseverance', 'honesty'],
  ...['zest', 'love', 'kindness', 'socialIntelligence', 'teamwork', 'fairness', 'leadership', 'forgiveness'],
  ...['humility', 'prudence', 'selfRegulation', 'appreciationOfBeauty', 'gratitude', 'hope', 'humor', 'spirituality'],
];

const scores = (type: string, fields: readonly string[]) =>
  `input ${type} { ${fields.map((field) => `${field}: Int!`).join(' ')} }`;

/** The part of Assay's API that is measured. */
export const typeDefinitions = `
  ${scores('Riasec', RIASEC)}
  ${scores('Ocean', OCEAN)}
  ${scores('ViaIs', VIA_IS)}
  input AssessmentInput { assessmentName: String! riasec: Riasec! ocean: Ocean! viaIs: ViaIs! }
  enum ProbeBehaviour { ECHO }
  input ProbeInput { behaviour: ProbeBehaviour! }
  type Job {
    id: ID! kind: String! name: String! status: String! seq: Int! attempt: Int! price: Int! resultId: ID!
    createdAt: String!
  }
  type Submitted { job: Job! tokenBalance: Int! }
  type JobEvent { jobId: ID! seq: Int! type: String! status: String! at: String! }
  type Query { hello: String! }
  type Mutation {
    submit(input: AssessmentInput!): Submitted!
    submitProbe(input: ProbeInput!): Submitted!
  }
  type Subscription { events: JobEvent }`;

export interface AssessmentInput {
  assessmentName: string;
  riasec: Record<string, number>;
  ocean: Record<string, number>;
  viaIs: Record<string, number>;
}

const NAME_LENGTH = 255;
const HIGHEST = 100;

/** What the types leave open. @returns what is wrong, if anything is */
export function findFault({ assessmentName, riasec, ocean, viaIs }: AssessmentInput): string | undefined {
  if (assessmentName.length === 0 || assessmentName.length > NAME_LENGTH) return 'assessmentName: 1 to 255 characters';
  for (const [part, values] of Object.entries({ riasec, ocean, viaIs })) {
    for (const [field, score] of Object.entries(values)) {
      if (score < 0 || score > HIGHEST) return `${part}.${field}: 0 to ${HIGHEST}`;
    }
  }
  return undefined;
}
