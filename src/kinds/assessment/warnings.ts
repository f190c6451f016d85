import { OCEAN } from './dimensions.ts';
import type { Answer, AssessmentInput } from './input.ts';
import { scoreIpip50 } from './ipip50.ts';

const TOLERATED_POINTS = 1;
const MIN_ANSWERS = 20;
const SAME_SHARE_PERCENT = 90;

/** What the item answers cast doubt on, as sentences. The given scores count in any case. */
export function findWarnings({ ocean, rawResponses = {} }: AssessmentInput): string[] {
  // By name, so that the order of the keys in the input does not show.
  const instruments = Object.keys(rawResponses).sort();
  return [
    ...disagreements(ocean, rawResponses.ocean ?? []),
    ...instruments.flatMap((name) => straightLining(name, rawResponses[name] ?? [])),
  ];
}

function disagreements(given: AssessmentInput['ocean'], answers: readonly Answer[]): string[] {
  const rescored = scoreIpip50(answers);
  if (!rescored) return [];
  return OCEAN.filter((trait) => Math.abs(given[trait] - rescored[trait]) > TOLERATED_POINTS).map(
    (trait) =>
      `Your ${trait} was given as ${given[trait]}, but the 50 item answers come to ${rescored[trait]}; the given score counts.`,
  );
}

function straightLining(instrument: string, answers: readonly Answer[]): string[] {
  if (answers.length < MIN_ANSWERS) return [];
  const counts = new Map<Answer['value'], number>();
  for (const { value } of answers) counts.set(value, (counts.get(value) ?? 0) + 1);
  const most = Math.max(...counts.values());
  if (most * 100 < answers.length * SAME_SHARE_PERCENT) return [];
  return [
    `In the instrument ${instrument}, ${most} of ${answers.length} answers are the same, so the scores that rest on it may say little about you.`,
  ];
}
