import type { Career, CareerProspect } from './career.ts';
import { CAREERS } from './careers.ts';
import { INTERESTS_BY_LETTER } from './holland.ts';
import type { Profile } from './profile.ts';
import { rank } from './ranked.ts';
import { cite, citeWithBand, isClearlyUnfavourable } from './sentence.ts';
import { citeIndustry, LEVEL_WORDS } from './summaries.ts';

export interface CareerRecommendation {
  careerName: string;
  justification: string;
  relatedMajors: string[];
  careerProspect: CareerProspect;
}

const COUNT = 4;
const MOST_PER_FIELD = 2;

/** The best career for the pair of leading interests, then the best of all, at most two of one field of work. */
export function careerRecommendations(profile: Profile): CareerRecommendation[] {
  const byFit = rank(CAREERS, (career) => fitOf(career, profile)).all;
  const pair = profile.holland.code.slice(0, 2);
  const leading = byFit.find(({ code }) => code.slice(0, 2).join('') === pair);
  const chosen = leading ? [leading] : [];
  for (const career of byFit) {
    const alike = chosen.filter(({ industries }) => industries[0] === career.industries[0]).length;
    if (chosen.length < COUNT && career !== leading && alike < MOST_PER_FIELD) chosen.push(career);
  }
  return chosen.map((career) => ({
    careerName: career.name,
    justification: justification(career, profile, career === leading),
    relatedMajors: [...career.majors],
    careerProspect: { ...career.prospect },
  }));
}

/**
 * How well a career fits, in sixtieths of a point: interests count for half of it (by place 3 to 2 to 1), fields of
 * work for three tenths (2 to 1) and character strengths for two tenths. Whole numbers keep ties exact.
 */
function fitOf(career: Career, profile: Profile): number {
  const { interests, fields, strengths } = demands(career, profile);
  return (
    5 * (3 * interests[0].score + 2 * interests[1].score + interests[2].score) +
    6 * (2 * fields[0].score + fields[1].score) +
    6 * (strengths[0].score + strengths[1].score)
  );
}

function justification(career: Career, profile: Profile, leads: boolean): string {
  const { interests, fields, strengths } = demands(career, profile);
  const pair = `${cite(interests[0])} and ${cite(interests[1])}`;
  const sentences = [
    `It turns on ${leads ? 'the two interests that come first for you, ' : ''}${pair}, and to a lesser degree on ${cite(interests[2])}.`,
    `It asks for ${cite(strengths[0])} and ${cite(strengths[1])}, and its main field, ${citeIndustry(fields[0])}, counts as ${LEVEL_WORDS[fields[0].level]} for you.`,
  ];
  const weakest = rank([...interests, ...strengths], ({ score }) => -score).first;
  if (isClearlyUnfavourable(weakest)) sentences.push(`What speaks against it is your ${citeWithBand(weakest)}.`);
  return sentences.join(' ');
}

/** What a career asks for, with the respondent's scores in it. */
function demands({ code, industries, strengths }: Career, { of, field }: Profile) {
  const [first, second, third] = code;
  const interest = (letter: typeof first) => of[INTERESTS_BY_LETTER[letter]];
  return {
    interests: [interest(first), interest(second), interest(third)],
    fields: [field[industries[0]], field[industries[1]]],
    strengths: [of[strengths[0]], of[strengths[1]]],
  } as const;
}
