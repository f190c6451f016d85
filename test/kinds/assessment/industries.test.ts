import { describe, expect, it } from 'vitest';
import { INDUSTRIES, type Industry } from '../../../src/kinds/assessment/dimensions.ts';
import { industryScore, levelOf, rankIndustries } from '../../../src/kinds/assessment/industries.ts';
import { INDUSTRY_WEIGHTS } from '../../../src/kinds/assessment/industry-weights.ts';
import { respondent } from './respondents.ts';

/** The published weights in their own notation: letters for interests and traits, a minus sign for "low". */
const PUBLISHED: Record<Industry, string> = {
  teknologi: 'I50 R30 C20 | loveOfLearning30 curiosity30 perseverance20 creativity20 | O60 C40',
  kesehatan: 'I50 S50 | kindness40 judgment30 zest20 loveOfLearning10 | C60 A40',
  keuangan: 'C60 E40 | prudence40 judgment30 fairness20 leadership10 | C70 -N30',
  pendidikan: 'S60 A40 | loveOfLearning30 socialIntelligence30 leadership20 creativity20 | E50 A50',
  rekayasa: 'R60 I40 | perseverance30 teamwork30 prudence20 creativity20 | C80 -N20',
  pemasaran: 'E50 A50 | creativity40 socialIntelligence30 zest20 perspective10 | E60 O40',
  hukum: 'I50 E50 | judgment40 fairness30 perseverance30 | C70 -N30',
  kreatif: 'A70 R30 | creativity50 appreciationOfBeauty30 bravery10 zest10 | O80 -C20',
  media: 'A40 S30 E30 | creativity40 socialIntelligence30 curiosity30 | E50 O50',
  penjualan: 'E70 S30 | zest30 socialIntelligence30 perseverance20 hope20 | E70 C30',
  sains: 'I100 | curiosity40 loveOfLearning30 perseverance20 hope10 | O60 C40',
  manufaktur: 'R70 C30 | teamwork40 perseverance30 prudence30 | C100',
  agrikultur: 'R100 | perseverance50 love30 gratitude20 | C70 -N30',
  pemerintahan: 'C50 S50 | fairness40 teamwork30 prudence20 leadership10 | C60 A40',
  konsultasi: 'E50 I50 | judgment30 perspective30 socialIntelligence20 leadership20 | E40 C30 O30',
  pariwisata: 'S50 E30 R20 | socialIntelligence40 kindness30 zest20 teamwork10 | E60 A40',
  logistik: 'C50 R50 | prudence50 teamwork30 perseverance20 | C100',
  energi: 'R60 I40 | prudence40 teamwork30 judgment30 | C80 -N20',
  sosial: 'S70 E30 | kindness40 fairness30 hope20 leadership10 | A60 E40',
  olahraga: 'R40 S30 E30 | zest40 perseverance30 teamwork20 leadership10 | E60 C40',
  properti: 'E100 | socialIntelligence40 zest30 perseverance30 | E70 C30',
  kuliner: 'A40 R30 E30 | creativity40 zest30 kindness20 teamwork10 | E50 A50',
  perdagangan: 'E40 C30 S30 | socialIntelligence40 zest30 prudence20 fairness10 | E60 C40',
  telekomunikasi: 'R40 I30 E30 | teamwork40 perseverance30 curiosity20 judgment10 | C50 O50',
};

const INTERESTS = ['realistic', 'investigative', 'artistic', 'social', 'enterprising', 'conventional'];
const TRAITS = ['openness', 'conscientiousness', 'extraversion', 'agreeableness', 'neuroticism'];

function parsed(column: string, names: string[]): Record<string, number> {
  const weights = column.split(' ').map((part) => {
    const [, sign, name, weight] = /^(-?)([a-zA-Z]+)(\d+)$/.exec(part) ?? [];
    const full = names.find((each) => each[0] === name?.toLowerCase()) ?? name;
    return [full, Number(`${sign}${weight}`)];
  });
  return Object.fromEntries(weights);
}

const scoresOf = (input: ReturnType<typeof respondent>) =>
  Object.fromEntries(rankIndustries(input).all.map(({ industry, score }) => [industry, score]));

const everywhere = (score: number) => Object.fromEntries(INDUSTRIES.map((industry) => [industry, score]));

describe('the weights of a field of work', () => {
  it.each(INDUSTRIES)('are the published ones: %s', (industry) => {
    const [riasec = '', viaIs = '', ocean = ''] = PUBLISHED[industry].split(' | ');
    expect(INDUSTRY_WEIGHTS[industry]).toEqual({
      riasec: parsed(riasec, INTERESTS),
      viaIs: parsed(viaIs, []),
      ocean: parsed(ocean, TRAITS),
    });
  });

  it.each(INDUSTRIES)('sum to 100 in each block: %s', (industry) => {
    for (const weights of Object.values(INDUSTRY_WEIGHTS[industry])) {
      const sum = Object.values<number>(weights).reduce((total, weight) => total + Math.abs(weight), 0);
      expect(sum).toBe(100);
    }
  });
});

describe('the score of a field of work', () => {
  it('is 50 everywhere for scores of 50', () => {
    expect(scoresOf(respondent(50))).toEqual(everywhere(50));
  });

  it('is 100 for scores of 100 without neuroticism, but 93 in creative work, which asks for little order', () => {
    expect(scoresOf(respondent(100, { neuroticism: 0 }))).toEqual({ ...everywhere(100), kreatif: 93 });
  });

  it('follows its weights', () => {
    // (50 × 90 + 30 × 50 + 20 × 50 + 100 × 50 + 60 × 20 + 40 × 50) / 300 = 50.67
    expect(industryScore('teknologi', respondent(50, { investigative: 90, openness: 20 }))).toBe(51);
    // Only order counts against: (20 × 100) / 300 = 6.67
    expect(industryScore('kreatif', respondent(0))).toBe(7);
  });

  it('rounds halves up', () => {
    // 50 + (50 × 3) / 300 = 50.5
    expect(industryScore('teknologi', respondent(50, { investigative: 53 }))).toBe(51);
  });

  it.each([
    [80, 'VERY_SUITABLE'],
    [79, 'SUITABLE'],
    [70, 'SUITABLE'],
    [69, 'FAIR'],
    [60, 'FAIR'],
    [59, 'LESS_SUITABLE'],
  ])('of %i is %s', (score, level) => {
    expect(levelOf(score)).toBe(level);
  });
});

describe('fields of work', () => {
  it('are ranked by score, ties in the order of the table', () => {
    expect(rankIndustries(respondent(50)).all.map(({ industry }) => industry)).toEqual(INDUSTRIES);
    const { all } = rankIndustries(respondent(50, { realistic: 100 }));
    expect(all.slice(0, 3).map(({ industry, score }) => [industry, score])).toEqual([
      ['agrikultur', 67],
      ['manufaktur', 62],
      ['rekayasa', 60],
    ]);
  });

  it('take the scores that are given over those that could be computed', () => {
    const given = { ...(everywhere(10) as Record<(typeof INDUSTRIES)[number], number>), hukum: 81 };
    const { first, second } = rankIndustries({ ...respondent(50), industryScore: given });
    expect(first).toEqual({ industry: 'hukum', score: 81, level: 'VERY_SUITABLE' });
    expect(second).toEqual({ industry: 'teknologi', score: 10, level: 'LESS_SUITABLE' });
  });
});
