import { BAND_WORDS } from './bands.ts';
import type { Finding } from './finding.ts';

/** A dimension with the score that a sentence rests on: "curiosity (72)". */
export function cite({ note, score }: Pick<Finding, 'note' | 'score'>): string {
  return `${note.label} (${score})`;
}

/** As {@link cite}, for what helps the respondent: of neuroticism it is the low end, so its band is named. */
export function citeAsset(finding: Finding): string {
  return finding.dimension === 'neuroticism' ? `${bandWord(finding)} ${cite(finding)}` : cite(finding);
}

/** The band of the score, in words. */
export function bandWord({ band }: Finding): string {
  return BAND_WORDS[band];
}

/** A dimension with its score and band: "curiosity (72), which is high". */
export function citeWithBand(finding: Finding): string {
  return `${cite(finding)}, which is ${bandWord(finding)}`;
}

/** Whether the score speaks clearly for the respondent: high or very high in its favourable reading. */
export function isClearlyFavourable({ favourBand }: Finding): boolean {
  return favourBand === 'HIGH' || favourBand === 'VERY_HIGH';
}

/** Whether the score speaks clearly against the respondent: low or very low in its favourable reading. */
export function isClearlyUnfavourable({ favourBand }: Finding): boolean {
  return favourBand === 'LOW' || favourBand === 'VERY_LOW';
}

/** A clause on what the score suggests, no stronger than its band allows. */
export function meaning(finding: Finding): string {
  const { act, gap } = finding.note;
  switch (finding.favourBand) {
    case 'VERY_HIGH':
      return `you are very likely to ${act}`;
    case 'HIGH':
      return `you are likely to ${act}`;
    case 'MODERATE':
      return `you may ${act} when the situation asks for it`;
    case 'LOW':
    case 'VERY_LOW':
      return gap;
  }
}
