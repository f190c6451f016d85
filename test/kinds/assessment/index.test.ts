import { describe, expect, it } from 'vitest';
import { analyze } from '../../../src/kinds/assessment/analysis.ts';
import { assessment } from '../../../src/kinds/assessment/index.ts';
import type { Progress, RunContext } from '../../../src/runner/context.ts';
import { runContext } from '../../support/run-context.ts';
import { respondent } from './respondents.ts';

function contextOf(signal: AbortSignal, onReport: (progress: Progress) => void = () => {}): RunContext {
  return runContext({ signal, report: onReport });
}

describe('the assessment kind', () => {
  it('runs to the same report as the plain function, with rising progress', async () => {
    const input = respondent(50, { curiosity: 90 });
    const seen: Progress[] = [];
    const context = contextOf(new AbortController().signal, (progress) => seen.push(progress));
    expect(await assessment.run(input, context)).toEqual(analyze(input));
    const percents = seen.map(({ percent }) => percent);
    expect(percents.length).toBeGreaterThan(2);
    expect(percents).toEqual(percents.toSorted((one, other) => one - other));
    expect(seen.every(({ stage, message }) => stage && message)).toBe(true);
  });

  it('does not start when it is aborted already', async () => {
    const reason = new Error('cancelled');
    await expect(assessment.run(respondent(50), contextOf(AbortSignal.abort(reason)))).rejects.toBe(reason);
  });

  it('stops at the next stage when it is aborted on the way', async () => {
    const controller = new AbortController();
    const stages: string[] = [];
    const context = contextOf(controller.signal, ({ stage = '' }) => {
      stages.push(stage);
      if (stages.length === 2) setImmediate(() => controller.abort(new Error('cancelled')));
    });
    await expect(assessment.run(respondent(50), context)).rejects.toThrow('cancelled');
    expect(stages.length).toBeLessThan(4);
  });

  it('refuses a report that does not fit', () => {
    const report = analyze(respondent(50));
    expect(assessment.output.safeParse({ ...report, strengths: [] }).success).toBe(false);
    expect(assessment.output.safeParse({ ...report, note: 'unknown' }).success).toBe(false);
  });
});
