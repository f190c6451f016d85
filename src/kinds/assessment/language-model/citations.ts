import { INDUSTRY_LABELS, VIRTUE_NAMES } from '../dimensions.ts';
import type { Profile } from '../profile.ts';
import type { Prose } from './prose.ts';

/** What can be cited, by its name in a sentence, with the number that belongs behind it. */
export function citable({ findings, virtues, industries }: Profile): Map<string, number> {
  return new Map([
    ...findings.map(({ note, score }) => [note.label, score] as const),
    ...VIRTUE_NAMES.map((virtue) => [virtue, virtues[virtue]] as const),
    ...industries.all.map(({ industry, score }) => [INDUSTRY_LABELS[industry], score] as const),
  ]);
}

/** Where prose cites a score that is another one: "curiosity (90)" of somebody whose curiosity is 72. */
export function misquotes(prose: Prose, scores: ReadonlyMap<string, number>): string[] {
  const labels = [...scores.keys()].join('|');
  const citation = new RegExp(`(?<![\\p{L}-])(${labels}) \\((\\d+(?:\\.\\d+)?)\\)`, 'giu');
  return Object.entries(prose).flatMap(([name, value]: [string, string | string[]]) =>
    [value].flat().flatMap((text) =>
      [...text.matchAll(citation)].flatMap(([, label = '', number]) => {
        const score = scores.get(label.toLowerCase());
        return Number(number) === score ? [] : [`${name}: cites ${label} as ${number}, and it is ${score}`];
      }),
    ),
  );
}
