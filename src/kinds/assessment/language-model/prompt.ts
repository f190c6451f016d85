import type { AssessmentReport } from '../report.ts';
import type { Prose } from './prose.ts';

export interface Message {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

const TASK = `You word the report of a talent assessment. A set of rules has computed every score and written a draft.
Say in your own words what the draft says: warm, plain, addressed to the reader as "you", in English.

- Answer with one JSON object that has exactly the fields of "draft", and nothing before or after it.
- Each list keeps its length and its order: an entry stays about what the draft's entry is about.
- A text has one to five sentences, and from 10 to 1000 characters.
- Cite scores as the draft does, the name and then the number: curiosity (72). Take each from "scores" and make up none.
- Add no fact that is not given: no other career, book, person, diagnosis, or promise.`;

/**
 * What a model is told: scores under our own names, and our own sentences. Nothing that a user wrote is in it, not even
 * the name of an instrument, so that nobody can talk to the model through an answer.
 */
export function firstMessages(report: AssessmentReport, draft: Prose, scores: ReadonlyMap<string, number>): Message[] {
  const { archetype, riskTolerance, careerRecommendation, developmentActivities } = report;
  const given = {
    scores: Object.fromEntries(scores),
    archetype,
    riskTolerance,
    careers: careerRecommendation.map(({ careerName }) => careerName),
    books: developmentActivities.bookRecommendations.map(({ title, author }) => `${title} by ${author}`),
    draft,
  };
  return [
    { role: 'system', content: TASK },
    { role: 'user', content: JSON.stringify(given) },
  ];
}

/** The same again, with what was answered and what is wrong with it. */
export function repairMessages(first: readonly Message[], answer: string, complaints: readonly string[]): Message[] {
  const content = `This does not fit. Give the whole object again, corrected:\n- ${complaints.join('\n- ')}`;
  return [...first, { role: 'assistant', content: answer }, { role: 'user', content }];
}
