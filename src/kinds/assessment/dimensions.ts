/** Interests after Holland, in the order R I A S E C. Every tie between interests is settled by this order. */
export const RIASEC = ['realistic', 'investigative', 'artistic', 'social', 'enterprising', 'conventional'] as const;

/** Big Five traits, in the order of their usual acronym. */
export const OCEAN = ['openness', 'conscientiousness', 'extraversion', 'agreeableness', 'neuroticism'] as const;

/** Character strengths, grouped by virtue in the order of {@link VIRTUES}. */
export const VIA_IS = [
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
] as const;

/** Fields of work, in the order of the weights table. Every tie between fields is settled by this order. */
export const INDUSTRIES = [
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
] as const;

export type Interest = (typeof RIASEC)[number];
export type Trait = (typeof OCEAN)[number];
export type Strength = (typeof VIA_IS)[number];
export type Industry = (typeof INDUSTRIES)[number];
export type Dimension = Interest | Trait | Strength;
export type Block = 'riasec' | 'ocean' | 'viaIs';

/** Which character strengths a virtue is the mean of. */
export const VIRTUES = {
  wisdom: ['creativity', 'curiosity', 'judgment', 'loveOfLearning', 'perspective'],
  courage: ['bravery', 'perseverance', 'honesty', 'zest'],
  humanity: ['love', 'kindness', 'socialIntelligence'],
  justice: ['teamwork', 'fairness', 'leadership'],
  temperance: ['forgiveness', 'humility', 'prudence', 'selfRegulation'],
  transcendence: ['appreciationOfBeauty', 'gratitude', 'hope', 'humor', 'spirituality'],
} as const satisfies Record<string, readonly Strength[]>;

export type Virtue = keyof typeof VIRTUES;

/** The virtues, in the order of {@link VIRTUES}. */
export const VIRTUE_NAMES = ['wisdom', 'courage', 'humanity', 'justice', 'temperance', 'transcendence'] as const;

/** How a field of work is called in English sentences. */
export const INDUSTRY_LABELS: Record<Industry, string> = {
  teknologi: 'technology',
  kesehatan: 'health care',
  keuangan: 'finance',
  pendidikan: 'education',
  rekayasa: 'engineering',
  pemasaran: 'marketing',
  hukum: 'law',
  kreatif: 'creative work',
  media: 'media',
  penjualan: 'sales',
  sains: 'science',
  manufaktur: 'manufacturing',
  agrikultur: 'agriculture',
  pemerintahan: 'government',
  konsultasi: 'consulting',
  pariwisata: 'tourism',
  logistik: 'logistics',
  energi: 'energy',
  sosial: 'social work',
  olahraga: 'sports',
  properti: 'property',
  kuliner: 'gastronomy',
  perdagangan: 'commerce',
  telekomunikasi: 'telecommunications',
};
