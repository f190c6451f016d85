import type { Industry, Interest, Strength, Trait } from './dimensions.ts';

/** Points per dimension; the absolute values of a block sum to 100. A minus sign means that a low score counts. */
export interface IndustryWeights {
  riasec: Partial<Record<Interest, number>>;
  viaIs: Partial<Record<Strength, number>>;
  ocean: Partial<Record<Trait, number>>;
}

/** What each field of work asks for. */
export const INDUSTRY_WEIGHTS: Record<Industry, IndustryWeights> = {
  teknologi: {
    riasec: { investigative: 50, realistic: 30, conventional: 20 },
    viaIs: { loveOfLearning: 30, curiosity: 30, perseverance: 20, creativity: 20 },
    ocean: { openness: 60, conscientiousness: 40 },
  },
  kesehatan: {
    riasec: { investigative: 50, social: 50 },
    viaIs: { kindness: 40, judgment: 30, zest: 20, loveOfLearning: 10 },
    ocean: { conscientiousness: 60, agreeableness: 40 },
  },
  keuangan: {
    riasec: { conventional: 60, enterprising: 40 },
    viaIs: { prudence: 40, judgment: 30, fairness: 20, leadership: 10 },
    ocean: { conscientiousness: 70, neuroticism: -30 },
  },
  pendidikan: {
    riasec: { social: 60, artistic: 40 },
    viaIs: { loveOfLearning: 30, socialIntelligence: 30, leadership: 20, creativity: 20 },
    ocean: { extraversion: 50, agreeableness: 50 },
  },
  rekayasa: {
    riasec: { realistic: 60, investigative: 40 },
    viaIs: { perseverance: 30, teamwork: 30, prudence: 20, creativity: 20 },
    ocean: { conscientiousness: 80, neuroticism: -20 },
  },
  pemasaran: {
    riasec: { enterprising: 50, artistic: 50 },
    viaIs: { creativity: 40, socialIntelligence: 30, zest: 20, perspective: 10 },
    ocean: { extraversion: 60, openness: 40 },
  },
  hukum: {
    riasec: { investigative: 50, enterprising: 50 },
    viaIs: { judgment: 40, fairness: 30, perseverance: 30 },
    ocean: { conscientiousness: 70, neuroticism: -30 },
  },
  kreatif: {
    riasec: { artistic: 70, realistic: 30 },
    viaIs: { creativity: 50, appreciationOfBeauty: 30, bravery: 10, zest: 10 },
    ocean: { openness: 80, conscientiousness: -20 },
  },
  media: {
    riasec: { artistic: 40, social: 30, enterprising: 30 },
    viaIs: { creativity: 40, socialIntelligence: 30, curiosity: 30 },
    ocean: { extraversion: 50, openness: 50 },
  },
  penjualan: {
    riasec: { enterprising: 70, social: 30 },
    viaIs: { zest: 30, socialIntelligence: 30, perseverance: 20, hope: 20 },
    ocean: { extraversion: 70, conscientiousness: 30 },
  },
  sains: {
    riasec: { investigative: 100 },
    viaIs: { curiosity: 40, loveOfLearning: 30, perseverance: 20, hope: 10 },
    ocean: { openness: 60, conscientiousness: 40 },
  },
  manufaktur: {
    riasec: { realistic: 70, conventional: 30 },
    viaIs: { teamwork: 40, perseverance: 30, prudence: 30 },
    ocean: { conscientiousness: 100 },
  },
  agrikultur: {
    riasec: { realistic: 100 },
    viaIs: { perseverance: 50, love: 30, gratitude: 20 },
    ocean: { conscientiousness: 70, neuroticism: -30 },
  },
  pemerintahan: {
    riasec: { conventional: 50, social: 50 },
    viaIs: { fairness: 40, teamwork: 30, prudence: 20, leadership: 10 },
    ocean: { conscientiousness: 60, agreeableness: 40 },
  },
  konsultasi: {
    riasec: { enterprising: 50, investigative: 50 },
    viaIs: { judgment: 30, perspective: 30, socialIntelligence: 20, leadership: 20 },
    ocean: { extraversion: 40, conscientiousness: 30, openness: 30 },
  },
  pariwisata: {
    riasec: { social: 50, enterprising: 30, realistic: 20 },
    viaIs: { socialIntelligence: 40, kindness: 30, zest: 20, teamwork: 10 },
    ocean: { extraversion: 60, agreeableness: 40 },
  },
  logistik: {
    riasec: { conventional: 50, realistic: 50 },
    viaIs: { prudence: 50, teamwork: 30, perseverance: 20 },
    ocean: { conscientiousness: 100 },
  },
  energi: {
    riasec: { realistic: 60, investigative: 40 },
    viaIs: { prudence: 40, teamwork: 30, judgment: 30 },
    ocean: { conscientiousness: 80, neuroticism: -20 },
  },
  sosial: {
    riasec: { social: 70, enterprising: 30 },
    viaIs: { kindness: 40, fairness: 30, hope: 20, leadership: 10 },
    ocean: { agreeableness: 60, extraversion: 40 },
  },
  olahraga: {
    riasec: { realistic: 40, social: 30, enterprising: 30 },
    viaIs: { zest: 40, perseverance: 30, teamwork: 20, leadership: 10 },
    ocean: { extraversion: 60, conscientiousness: 40 },
  },
  properti: {
    riasec: { enterprising: 100 },
    viaIs: { socialIntelligence: 40, zest: 30, perseverance: 30 },
    ocean: { extraversion: 70, conscientiousness: 30 },
  },
  kuliner: {
    riasec: { artistic: 40, realistic: 30, enterprising: 30 },
    viaIs: { creativity: 40, zest: 30, kindness: 20, teamwork: 10 },
    ocean: { extraversion: 50, agreeableness: 50 },
  },
  perdagangan: {
    riasec: { enterprising: 40, conventional: 30, social: 30 },
    viaIs: { socialIntelligence: 40, zest: 30, prudence: 20, fairness: 10 },
    ocean: { extraversion: 60, conscientiousness: 40 },
  },
  telekomunikasi: {
    riasec: { realistic: 40, investigative: 30, enterprising: 30 },
    viaIs: { teamwork: 40, perseverance: 30, curiosity: 20, judgment: 10 },
    ocean: { conscientiousness: 50, openness: 50 },
  },
};
