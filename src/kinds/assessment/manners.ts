import type { Interest } from './dimensions.ts';

/** Three ways to read a score: 61 and above, 41 to 60, 40 and below. */
export type Reading = 'high' | 'middle' | 'low';

/** Clauses that complete "With … (n), which is …, you …". */
type Manners<Name extends string> = Record<Name, Record<Reading, string>>;

/** How somebody learns. */
export const LEARNING: Manners<'loveOfLearning' | 'openness' | 'conscientiousness' | 'extraversion'> = {
  loveOfLearning: {
    high: 'you can afford to go deep: begin from the best book on the subject and follow its sources',
    middle: 'you learn best when a subject has both a use and a first quick success',
    low: 'you do better to tie each lesson to a task that has to be done anyway',
  },
  openness: {
    high: 'you do well to start from the idea and to connect it with other fields',
    middle: 'you do well to alternate between an idea and a worked example',
    low: 'you do well to start from worked examples and proven methods, and to take theory second',
  },
  conscientiousness: {
    high: 'you can rely on a plan with milestones of your own',
    middle: 'you need only a light plan, such as one fixed hour on fixed days',
    low: 'you get further with short sessions and deadlines that somebody else sets',
  },
  extraversion: {
    high: 'you keep more of what you discuss or teach aloud',
    middle: 'you can study alone first and talk it through afterwards',
    low: 'you keep more of what you read and try out undisturbed, before any discussion',
  },
};

/** Where somebody works well. */
export const SURROUNDINGS: Manners<'extraversion' | 'conscientiousness' | 'agreeableness' | 'neuroticism'> = {
  extraversion: {
    high: 'you are likely to thrive among people, with meetings and calls through the day',
    middle: 'you can move between company and quiet, so a day should offer both',
    low: 'you are likely to work best in a quiet place with few and well-prepared meetings',
  },
  conscientiousness: {
    high: 'you suit a place with clear goals and the freedom to plan your own way to them',
    middle: 'you suit a place that sets the frame and leaves the details to you',
    low: 'you suit a place with short cycles, visible boards and somebody who asks how far things are',
  },
  agreeableness: {
    high: 'you will want a cooperative team, in which rivalry is the exception',
    middle: 'you can deal with both friendly and contested discussions',
    low: 'you can stand contested discussions, so long as frank words are welcome there',
  },
  neuroticism: {
    high: 'you will feel better with predictable hours, early notice and one task at a time',
    middle: 'you can take pressure for a while, provided that a calmer week follows',
    low: 'you can stay with a task when the pressure rises and plans change',
  },
};

/** What to learn from, by the first interest. */
export const MATERIAL: Record<Interest, string> = {
  realistic: 'choose material that you can take apart, build or measure',
  investigative: 'choose material that poses a problem and shows its evidence',
  artistic: 'choose material that you can retell, draw or perform',
  social: 'choose material that you can work through with others or teach to them',
  enterprising: 'choose material that comes as cases, decisions and stories of ventures',
  conventional: 'choose material that is well ordered, with checklists and clear steps',
};

/** Where to work, by the first interest. */
export const SETTINGS: Record<Interest, string> = {
  realistic: 'a workshop, a site, a laboratory bench or the open air',
  investigative: 'a laboratory, a research group or an analysis team',
  artistic: 'a studio, an editorial office or a stage',
  social: 'a school, a clinic or an advice centre',
  enterprising: 'a business unit, a sales floor or a young company',
  conventional: 'an office with clear procedures, good records and reliable systems',
};
