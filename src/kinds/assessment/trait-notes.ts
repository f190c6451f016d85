import type { Trait } from './dimensions.ts';
import type { Note } from './note.ts';

/** What may be said of the five traits. Those of neuroticism are turned round: its low end is the favourable one. */
export const TRAIT_NOTES: Record<Trait, Note> = {
  openness: {
    label: 'openness',
    act: 'welcome new ideas and unfamiliar points of view',
    gap: 'you may pass over an idea because it is unfamiliar',
    excess: 'a new idea may draw you away before the last one is finished',
    motive: 'New ideas and variety from week to week',
    practice: 'read one piece a week from a field you know nothing about and note one use for it',
    activity: 'Attend lectures, exhibitions or courses outside your own field',
  },
  conscientiousness: {
    label: 'conscientiousness',
    act: 'plan ahead and finish what you promised',
    gap: 'deadlines and details may slip without a reminder from outside',
    excess: 'you may polish a result longer than its use deserves',
    motive: 'Work that is planned well and finished properly',
    practice: 'end each day by naming the one task that must be done tomorrow',
    activity: 'Organize an event from its plan to its last bill',
  },
  extraversion: {
    label: 'extraversion',
    act: 'draw energy from company and speak up early',
    gap: 'your view may stay unheard in a large or loud group',
    excess: 'you may fill a silence in which somebody else was about to think aloud',
    motive: 'Lively company and a visible part in it',
    practice: 'prepare one point before each meeting and make it in the first ten minutes',
    activity: 'Join a club that meets weekly and speaks in public, such as a debating club',
  },
  agreeableness: {
    label: 'agreeableness',
    act: 'trust others and look for common ground',
    gap: 'your directness may strike others as harsh',
    excess: 'you may say yes when the honest answer is no',
    motive: 'A team in which people trust each other',
    practice: 'name what is right in another view before you name what is wrong with it',
    activity: 'Help in a neighbourhood or charity project with people unlike yourself',
  },
  neuroticism: {
    label: 'neuroticism',
    act: 'stay calm under pressure',
    gap: 'worry may take more of your attention than its cause deserves',
    excess: 'your calm may keep you from an early warning that others feel',
    motive: 'A steady pace and room to keep calm',
    practice: 'write down a worry, the likeliest outcome and the first step you would take',
    activity: 'Take up a steady sport such as swimming, running or yoga',
  },
};
