/** The scales of an assessment, each from 0 to 100, as the API names them. */
export const SCALES = {
  riasec: ['realistic', 'investigative', 'artistic', 'social', 'enterprising', 'conventional'],
  ocean: ['openness', 'conscientiousness', 'extraversion', 'agreeableness', 'neuroticism'],
  viaIs: [
    'creativity',
    'curiosity',
    'judgment',
    'loveOfLearning',
    'perspective',
    'bravery',
    'perseverance',
    'honesty',
    'zest',
    'love',
    'kindness',
    'socialIntelligence',
    'teamwork',
    'fairness',
    'leadership',
    'forgiveness',
    'humility',
    'prudence',
    'selfRegulation',
    'appreciationOfBeauty',
    'gratitude',
    'hope',
    'humor',
    'spirituality',
  ],
  industryScore: [
    'teknologi',
    'kesehatan',
    'keuangan',
    'pendidikan',
    'rekayasa',
    'pemasaran',
    'hukum',
    'kreatif',
    'media',
    'penjualan',
    'sains',
    'manufaktur',
    'agrikultur',
    'pemerintahan',
    'konsultasi',
    'pariwisata',
    'logistik',
    'energi',
    'sosial',
    'olahraga',
    'properti',
    'kuliner',
    'perdagangan',
    'telekomunikasi',
  ],
} as const;

export type Block = keyof typeof SCALES;
export type Scores = Record<Block, Record<string, number>>;

const MIDDLE = 50;

/** A person with a taste for research and some for the arts, scale by scale. */
const EXAMPLE: Record<Block, readonly number[]> = {
  riasec: [42, 88, 71, 55, 38, 47],
  ocean: [84, 68, 41, 63, 35],
  viaIs: [79, 91, 82, 93, 70, 52, 74, 77, 48, 61, 66, 54, 58, 72, 45, 57, 64, 60, 55, 76, 65, 62, 50, 33],
  industryScore: [82, 64, 51, 77, 70, 40, 48, 66, 58, 35, 91, 45, 42, 50, 68, 38, 41, 57, 62, 30, 33, 36, 39, 60],
};

function scoresBy(score: (block: Block, index: number) => number): Scores {
  const blocks = (Object.keys(SCALES) as Block[]).map((block) => [
    block,
    Object.fromEntries(SCALES[block].map((scale, index) => [scale, score(block, index)])),
  ]);
  return Object.fromEntries(blocks) as Scores;
}

export const middleScores = (): Scores => scoresBy(() => MIDDLE);
export const exampleScores = (): Scores => scoresBy((block, index) => EXAMPLE[block][index] ?? MIDDLE);
