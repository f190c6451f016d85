import type { Dimension } from './dimensions.ts';

/** A high score beside a low one, and what the two may do to each other. */
export interface Tension {
  high: Dimension;
  low: Dimension;
  /** A clause. */
  cost: string;
}

/** Pairs that are worth a word when the first score is high and the second is low. */
export const TENSIONS: readonly Tension[] = [
  { high: 'openness', low: 'conscientiousness', cost: 'you may begin more than you finish' },
  { high: 'conscientiousness', low: 'openness', cost: 'you may perfect a method that has been overtaken' },
  { high: 'extraversion', low: 'agreeableness', cost: 'you may win the discussion and lose the people in it' },
  { high: 'agreeableness', low: 'extraversion', cost: 'you may agree aloud with what you doubt in silence' },
  { high: 'neuroticism', low: 'extraversion', cost: 'you may keep a worry to yourself until it has grown' },
  { high: 'neuroticism', low: 'hope', cost: 'a setback may look more final to you than it is' },
  { high: 'neuroticism', low: 'selfRegulation', cost: 'a strained mood may decide for you' },
  { high: 'creativity', low: 'perseverance', cost: 'a good idea may stop at its sketch' },
  { high: 'curiosity', low: 'prudence', cost: 'you may try a thing first and read its terms afterwards' },
  { high: 'bravery', low: 'prudence', cost: 'you may take a risk without counting its price' },
  { high: 'prudence', low: 'bravery', cost: 'a well-founded warning of yours may come too late or not at all' },
  { high: 'leadership', low: 'humility', cost: 'the group’s success may sound like yours alone' },
  {
    high: 'leadership',
    low: 'socialIntelligence',
    cost: 'you may set a direction without seeing who is not following',
  },
  { high: 'kindness', low: 'selfRegulation', cost: 'you may give away the time that your own task needs' },
  { high: 'honesty', low: 'kindness', cost: 'a true word may come out harder than it need be' },
  { high: 'perseverance', low: 'perspective', cost: 'you may work on hard at the wrong end of a problem' },
  { high: 'investigative', low: 'enterprising', cost: 'a sound finding may go unheard because nobody presents it' },
  { high: 'enterprising', low: 'conventional', cost: 'a deal may be won and its paperwork lost' },
  { high: 'artistic', low: 'conventional', cost: 'the work may be fine and its filing not' },
  { high: 'social', low: 'realistic', cost: 'you may talk through what a simple repair would settle' },
];
