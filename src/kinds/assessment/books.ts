import type { Dimension } from './dimensions.ts';

export interface Book {
  title: string;
  author: string;
  /** Completes "…: it is …". */
  about: string;
}

/** One book for each dimension, of use to those who are strong in it and to those who want to become so. */
export const BOOKS: Record<Dimension, Book> = {
  realistic: {
    title: 'Shop Class as Soulcraft',
    author: 'Matthew B. Crawford',
    about: 'a case for skilled work with the hands',
  },
  investigative: {
    title: 'The Demon-Haunted World',
    author: 'Carl Sagan',
    about: 'a guide to asking for evidence',
  },
  artistic: {
    title: 'Steal Like an Artist',
    author: 'Austin Kleon',
    about: 'a short encouragement to make things of your own',
  },
  social: {
    title: 'Nonviolent Communication',
    author: 'Marshall B. Rosenberg',
    about: 'a method for listening and for asking without blame',
  },
  enterprising: {
    title: 'The Lean Startup',
    author: 'Eric Ries',
    about: 'a way to test a venture in small steps',
  },
  conventional: {
    title: 'Getting Things Done',
    author: 'David Allen',
    about: 'a full system for keeping lists and records in order',
  },
  openness: {
    title: 'Range',
    author: 'David Epstein',
    about: 'an argument for wide interests in a specialized world',
  },
  conscientiousness: {
    title: 'Atomic Habits',
    author: 'James Clear',
    about: 'a practical account of building habits in small steps',
  },
  extraversion: {
    title: 'Quiet',
    author: 'Susan Cain',
    about: 'a study of how introverts and extraverts work best',
  },
  agreeableness: {
    title: 'Give and Take',
    author: 'Adam Grant',
    about: 'a study of when giving pays and where it needs limits',
  },
  neuroticism: {
    title: 'The Upside of Stress',
    author: 'Kelly McGonigal',
    about: 'a fresh look at stress and at using it well',
  },
  creativity: {
    title: 'Creativity, Inc.',
    author: 'Ed Catmull with Amy Wallace',
    about: 'the story of how Pixar looks after new ideas',
  },
  curiosity: {
    title: 'Surely You’re Joking, Mr. Feynman!',
    author: 'Richard P. Feynman',
    about: 'the memoir of a physicist who asked about everything',
  },
  judgment: {
    title: 'Thinking, Fast and Slow',
    author: 'Daniel Kahneman',
    about: 'a tour of the errors that quick judgment makes',
  },
  loveOfLearning: {
    title: 'Make It Stick',
    author: 'Peter C. Brown, Henry L. Roediger III and Mark A. McDaniel',
    about: 'an account of the study methods that last',
  },
  perspective: {
    title: 'Factfulness',
    author: 'Hans Rosling with Ola Rosling and Anna Rosling Rönnlund',
    about: 'an exercise in seeing the world in proportion',
  },
  bravery: {
    title: 'Daring Greatly',
    author: 'Brené Brown',
    about: 'a book on the courage to be seen',
  },
  perseverance: {
    title: 'Grit',
    author: 'Angela Duckworth',
    about: 'a study of passion and staying power',
  },
  honesty: {
    title: 'Radical Candor',
    author: 'Kim Scott',
    about: 'a manual for being frank and caring at once',
  },
  zest: {
    title: 'Flow',
    author: 'Mihaly Csikszentmihalyi',
    about: 'the classic account of being fully absorbed in what you do',
  },
  love: {
    title: 'The Art of Loving',
    author: 'Erich Fromm',
    about: 'an essay that treats love as a practice',
  },
  kindness: {
    title: 'Humankind',
    author: 'Rutger Bregman',
    about: 'a hopeful history of how people treat each other',
  },
  socialIntelligence: {
    title: 'Social Intelligence',
    author: 'Daniel Goleman',
    about: 'an introduction to reading other people',
  },
  teamwork: {
    title: 'The Five Dysfunctions of a Team',
    author: 'Patrick Lencioni',
    about: 'a fable about what keeps a team from working',
  },
  fairness: {
    title: 'Justice: What’s the Right Thing to Do?',
    author: 'Michael J. Sandel',
    about: 'a course in reasoning about what people owe each other',
  },
  leadership: {
    title: 'Leaders Eat Last',
    author: 'Simon Sinek',
    about: 'a book on leading by looking after the group',
  },
  forgiveness: {
    title: 'The Book of Forgiving',
    author: 'Desmond Tutu and Mpho Tutu',
    about: 'a path through forgiving in four steps',
  },
  humility: {
    title: 'Ego Is the Enemy',
    author: 'Ryan Holiday',
    about: 'a set of historical cases for staying modest',
  },
  prudence: {
    title: 'Thinking in Bets',
    author: 'Annie Duke',
    about: 'a poker player’s account of deciding under uncertainty',
  },
  selfRegulation: {
    title: 'The Marshmallow Test',
    author: 'Walter Mischel',
    about: 'the account of self-control by the man who studied it',
  },
  appreciationOfBeauty: {
    title: 'Ways of Seeing',
    author: 'John Berger',
    about: 'a short school of looking at pictures',
  },
  gratitude: {
    title: 'Thanks!',
    author: 'Robert A. Emmons',
    about: 'a researcher’s account of what gratitude does',
  },
  hope: {
    title: 'Learned Optimism',
    author: 'Martin E. P. Seligman',
    about: 'a manual for explaining setbacks to yourself',
  },
  humor: {
    title: 'Born Standing Up',
    author: 'Steve Martin',
    about: 'the memoir of a comedian who took his craft seriously',
  },
  spirituality: {
    title: 'Man’s Search for Meaning',
    author: 'Viktor E. Frankl',
    about: 'a testimony about purpose under the hardest conditions',
  },
};
