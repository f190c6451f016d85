import type { LanguageModel, RunContext } from '../../../runner/context.ts';
import { KindError } from '../../kind.ts';
import { analyze } from '../analysis.ts';
import { modelStamp } from '../engine.ts';
import type { AssessmentInput } from '../input.ts';
import { profileOf } from '../profile.ts';
import type { AssessmentReport } from '../report.ts';
import { type Answer, sumOf } from './answer.ts';
import { ask } from './ask.ts';
import { citable } from './citations.ts';
import { modelError } from './failures.ts';
import { judge } from './judgement.ts';
import { firstMessages, repairMessages } from './prompt.ts';
import { jsonSchemaOf, type Prose, proseLike, proseOf, reworded } from './prose.ts';

/**
 * The report of the rules, worded by a language model. What does not fit is given back to the model once, with its
 * faults. There is no other way out: the prose of the rules never stands in for the model's.
 * @throws KindError where there is no model, or it gives no report; the signal's reason when it is aborted
 */
export async function writeReport(
  input: AssessmentInput,
  { settings, signal, report }: RunContext,
): Promise<AssessmentReport> {
  const model = requireModel(settings.languageModel);
  const rules = analyze(input);
  const draft = proseOf(rules);
  const scores = citable(profileOf(input));
  const schema = proseLike(draft);
  const question = { messages: firstMessages(rules, draft, scores), schema: jsonSchemaOf(schema) };
  const written = (prose: Prose, usage: Answer['usage']) => ({
    ...reworded(rules, prose),
    engine: modelStamp(input, model.model, usage),
  });

  report({ percent: 10, stage: 'writing', message: `Waiting for the language model ${model.model}` });
  const first = await ask(model, question, signal);
  const judged = judge(first.text, schema, scores);
  if ('prose' in judged) return written(judged.prose, first.usage);

  report({ percent: 55, stage: 'repair', message: `Waiting for ${model.model} to put right what does not fit` });
  const messages = repairMessages(question.messages, first.text, judged.complaints);
  const second = await ask(model, { ...question, messages }, signal);
  const judgedAgain = judge(second.text, schema, scores);
  if ('prose' in judgedAgain) return written(judgedAgain.prose, sumOf(first.usage, second.usage));
  throw modelError('The language model gave no report that fits, not even when it was told what is wrong');
}

function requireModel(model: LanguageModel | undefined): LanguageModel {
  if (model) return model;
  throw new KindError('The worker that took this job has no language model', { retryable: false });
}
