import { registerEnumType } from 'type-graphql';

export const AssessmentEngine = { RULES: 'RULES', LANGUAGE_MODEL: 'LANGUAGE_MODEL' } as const;
export type AssessmentEngine = (typeof AssessmentEngine)[keyof typeof AssessmentEngine];

registerEnumType(AssessmentEngine, {
  name: 'AssessmentEngine',
  description: 'What writes the report of an assessment.',
  valuesConfig: {
    RULES: { description: 'A set of rules: the same scores give the same report, byte for byte.' },
    LANGUAGE_MODEL: {
      description: 'The language model of this installation words the texts; all else is still of the rules.',
    },
  },
});
