import { setImmediate } from 'node:timers/promises';
import type { RunContext } from '../../runner/context.ts';
import type { Kind } from '../kind.ts';
import { assemble, prose, recommendations } from './analysis.ts';
import { type AssessmentInput, assessmentInput } from './input.ts';
import { writeReport } from './language-model/write.ts';
import { profileOf } from './profile.ts';
import { type AssessmentReport, reportSchema } from './report.ts';

/** Talent mapping: interests, traits and character strengths in, a worded report out. */
export const assessment: Kind<AssessmentInput, AssessmentReport> = {
  policy: { price: 1, maxAttempts: 3, runLimitMs: 600_000 },
  input: assessmentInput,
  output: reportSchema,
  run,
};

async function run(input: AssessmentInput, context: RunContext): Promise<AssessmentReport> {
  await enter(context, 5, 'scores', 'Computing the scores');
  if (input.engine === 'LANGUAGE_MODEL') return await writeReport(input, context);
  const profile = profileOf(input);
  await enter(context, 35, 'summaries', 'Describing strengths and weaknesses');
  const said = prose(profile);
  await enter(context, 65, 'recommendations', 'Choosing careers and activities');
  const suggested = recommendations(profile);
  await enter(context, 95, 'report', 'Putting the report together');
  return assemble(input, profile, said, suggested);
}

/** Gives an abort the chance to arrive, which the work itself, being synchronous, does not. */
async function enter(context: RunContext, percent: number, stage: string, message: string): Promise<void> {
  await setImmediate();
  context.signal.throwIfAborted();
  context.report({ percent, stage, message });
}
