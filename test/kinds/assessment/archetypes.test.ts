import { describe, expect, it } from 'vitest';
import { analyze } from '../../../src/kinds/assessment/analysis.ts';
import { ARCHETYPES } from '../../../src/kinds/assessment/archetypes.ts';
import { RIASEC } from '../../../src/kinds/assessment/dimensions.ts';
import { respondent } from './respondents.ts';

describe('archetypes', () => {
  it('are 30, no two with the same name', () => {
    expect(new Set(Object.values(ARCHETYPES)).size).toBe(30);
  });

  it('are all reached, each by its own pair of interests', () => {
    const reached = RIASEC.flatMap((first) =>
      RIASEC.filter((second) => second !== first).map((second) => {
        const report = analyze(respondent(50, { [first]: 90, [second]: 80 }));
        expect(report.archetype).toBe(ARCHETYPES[report.scores.hollandCode.slice(0, 2) as keyof typeof ARCHETYPES]);
        return report.archetype;
      }),
    );
    expect(reached.toSorted()).toEqual(Object.values(ARCHETYPES).toSorted());
  });

  it.each([
    ['RI', 'Practical Analyst'],
    ['RC', 'Systematic Builder'],
    ['IA', 'Creative Researcher'],
    ['IR', 'Technical Problem Solver'],
    ['AS', 'Creative Communicator'],
    ['AI', 'Innovative Thinker'],
    ['SE', 'People Leader'],
    ['SA', 'Empathetic Creator'],
    ['ES', 'Charismatic Leader'],
    ['EC', 'Strategic Organizer'],
    ['CR', 'Detail-Oriented Implementer'],
    ['CI', 'Methodical Analyst'],
  ] as const)('of %s is the %s', (pair, name) => {
    expect(ARCHETYPES[pair]).toBe(name);
  });
});
