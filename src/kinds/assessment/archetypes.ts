import type { Interest } from './dimensions.ts';
import { HOLLAND_LETTERS, type HollandLetter } from './holland.ts';

/** An ordered pair of different letters: the first two of a Holland code. */
export type LetterPair = { [First in HollandLetter]: `${First}${Exclude<HollandLetter, First>}` }[HollandLetter];

/** The archetype of every ordered pair. */
export const ARCHETYPES: Record<LetterPair, string> = {
  RI: 'Practical Analyst',
  RA: 'Hands-On Designer',
  RS: 'Practical Helper',
  RE: 'Hands-On Entrepreneur',
  RC: 'Systematic Builder',
  IR: 'Technical Problem Solver',
  IA: 'Creative Researcher',
  IS: 'Insightful Advisor',
  IE: 'Research Strategist',
  IC: 'Systematic Investigator',
  AR: 'Expressive Maker',
  AI: 'Innovative Thinker',
  AS: 'Creative Communicator',
  AE: 'Creative Entrepreneur',
  AC: 'Structured Creator',
  SR: 'Hands-On Caregiver',
  SI: 'Thoughtful Mentor',
  SA: 'Empathetic Creator',
  SE: 'People Leader',
  SC: 'Supportive Organizer',
  ER: 'Results-Driven Builder',
  EI: 'Analytical Strategist',
  EA: 'Visionary Promoter',
  ES: 'Charismatic Leader',
  EC: 'Strategic Organizer',
  CR: 'Detail-Oriented Implementer',
  CI: 'Methodical Analyst',
  CA: 'Precise Designer',
  CS: 'Dependable Coordinator',
  CE: 'Business Administrator',
};

/** The archetype of two different interests, the stronger one first. */
export function archetypeOf(first: Interest, second: Interest): string {
  return ARCHETYPES[`${HOLLAND_LETTERS[first]}${HOLLAND_LETTERS[second]}` as LetterPair];
}
