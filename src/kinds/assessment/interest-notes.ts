import type { Interest } from './dimensions.ts';
import type { Note } from './note.ts';

/** What may be said of the six interests. */
export const INTEREST_NOTES: Record<Interest, Note> = {
  realistic: {
    label: 'realistic interest',
    act: 'look for hands-on work with tools, machines or materials',
    gap: 'work with tools and equipment may not hold your attention for long',
    excess: 'you may reach for a practical fix before the question is fully understood',
    motive: 'Seeing a thing work that you built or repaired',
    practice: 'build or repair one small thing each month and note what the material taught you',
    activity: 'Join a makerspace, robotics or repair group',
  },
  investigative: {
    label: 'investigative interest',
    act: 'look for problems that need analysis and evidence',
    gap: 'long analysis without a visible use may tire you',
    excess: 'you may go on studying a question after the answer is good enough to act on',
    motive: 'Finding out why something happens',
    practice: 'write down a question, a guess and the evidence that would change your mind',
    activity: 'Take part in a science competition, a data challenge or a research club',
  },
  artistic: {
    label: 'artistic interest',
    act: 'look for open tasks in which you can give an idea its form',
    gap: 'tasks without a set form may feel vague to you',
    excess: 'you may resist a format that others depend on',
    motive: 'Giving an idea a form of your own',
    practice: 'make one small piece a week and show it before it feels finished',
    activity: 'Join a writing, theatre, music or design group',
  },
  social: {
    label: 'social interest',
    act: 'look for work in which you teach, help or advise people',
    gap: 'days full of other people’s needs may cost you more energy than they give',
    excess: 'you may take on the worries of others at the expense of your own task',
    motive: 'Seeing somebody get on because of your help',
    practice: 'explain one thing you know to a beginner and ask what was still unclear',
    activity: 'Volunteer as a tutor, a mentor or a youth group leader',
  },
  enterprising: {
    label: 'enterprising interest',
    act: 'look for chances to persuade, to lead and to start ventures',
    gap: 'selling an idea or competing for a deal may not appeal to you',
    excess: 'you may push for a decision before others have had their say',
    motive: 'Winning people and means for a plan',
    practice: 'pitch an idea in two minutes and ask for one clear decision at the end',
    activity: 'Join a student enterprise, a sales team or a debating society',
  },
  conventional: {
    label: 'conventional interest',
    act: 'look for orderly work with records, figures and clear procedures',
    gap: 'records and routine procedures may slip when nobody asks for them',
    excess: 'you may hold on to a procedure after its purpose is gone',
    motive: 'Bringing order to figures, files and procedures',
    practice: 'keep one tidy record, such as a budget or an inventory, and review it every week',
    activity: 'Take on the treasury or the archive of a club',
  },
};
