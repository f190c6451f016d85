import type { Industry, Strength } from './dimensions.ts';
import type { HollandLetter } from './holland.ts';

/** How likely, in the spelling of the stored report. */
export const LIKELIHOODS = ['SUPER_HIGH', 'HIGH', 'MODERATE', 'LOW', 'SUPER_LOW'] as const;

export type Likelihood = (typeof LIKELIHOODS)[number];

export interface CareerProspect {
  jobAvailability: Likelihood;
  salaryPotential: Likelihood;
  careerProgression: Likelihood;
  industryGrowth: Likelihood;
  skillDevelopment: Likelihood;
  aiOvertake: Likelihood;
}

export interface Career {
  name: string;
  /** The letters of the three interests that the work turns on, the strongest first. */
  code: readonly [HollandLetter, HollandLetter, HollandLetter];
  /** Where it is done, the most usual field first. */
  industries: readonly [Industry, Industry];
  /** Character strengths that it asks for. */
  strengths: readonly [Strength, Strength];
  majors: readonly [string, string, ...string[]];
  prospect: CareerProspect;
}

const GRADES = { S: 'SUPER_HIGH', H: 'HIGH', M: 'MODERATE', L: 'LOW', N: 'SUPER_LOW' } as const;

type Grade = keyof typeof GRADES;

/**
 * Six grades in the order of {@link CareerProspect}; the last one is how much of the work software may take over.
 */
export function prospect(...grades: [Grade, Grade, Grade, Grade, Grade, Grade]): CareerProspect {
  const [jobs, salary, progression, growth, skills, ai] = grades;
  return {
    jobAvailability: GRADES[jobs],
    salaryPotential: GRADES[salary],
    careerProgression: GRADES[progression],
    industryGrowth: GRADES[growth],
    skillDevelopment: GRADES[skills],
    aiOvertake: GRADES[ai],
  };
}
