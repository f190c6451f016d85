import { Arg, Authorized, Ctx, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { JobKind } from '../entities/job-status.ts';
import type { UserViewer } from '../gate/viewer.ts';
import { assessment } from '../kinds/assessment/index.ts';
import { SUPPORTED_ASSESSMENT_NAME } from '../kinds/assessment/input.ts';
import type { Submission, SubmitOutcome } from '../lifecycle/submit.ts';
import { SubmitAssessmentInput, SubmitAssessmentsInput } from '../schema/assessment-input.ts';
import { SubmitManyPayload, SubmitPayload } from '../schema/payloads.ts';
import type { AnyUserError } from '../schema/user-error.ts';
import { hashInput, isIdempotencyKey } from './idempotency.ts';
import { faultsOf, invalid, userError } from './user-errors.ts';

const MAX_ROWS = 100;

type Checked = { submission: Omit<Submission, 'userId'> } | { userErrors: AnyUserError[] };

@Resolver()
export class SubmitResolver {
  @Authorized('user')
  @Mutation(() => SubmitPayload, {
    description: 'Submits one assessment: charges its price and queues its job, or does neither and says why.',
  })
  async submitAssessment(
    @Ctx() context: Context,
    @Arg('input', () => SubmitAssessmentInput, { description: 'The scores to analyse.' }) input: SubmitAssessmentInput,
  ): Promise<SubmitPayload> {
    const { rows } = await submitAll(context, [checkAssessment(context, input, ['input'])]);
    return rows[0] as SubmitPayload;
  }

  @Authorized('user')
  @Mutation(() => SubmitManyPayload, {
    description: 'Submits up to 100 assessments. Each row has its own outcome: one that is refused does not stop the others.',
  })
  async submitAssessments(
    @Ctx() context: Context,
    @Arg('input', () => SubmitAssessmentsInput, { description: 'The rows to submit, 1 to 100.' })
    { rows }: SubmitAssessmentsInput,
  ): Promise<SubmitManyPayload> {
    if (rows.length < 1 || rows.length > MAX_ROWS) {
      const message = `must have from 1 to ${MAX_ROWS} rows`;
      return { rows: [], submitted: 0, tokenBalance: null, userErrors: [invalid(['input', 'rows'], message)] };
    }
    const checked = rows.map((row, index) => checkAssessment(context, row, ['input', 'rows', String(index)]));
    const submitted = await submitAll(context, checked);
    return { ...submitted, submitted: submitted.rows.filter(({ job }) => job).length, userErrors: [] };
  }
}

/** What can be said of an assessment without the database: its content, its name, the form of its key; in this order. */
function checkAssessment({ viewer, terms }: Context, input: SubmitAssessmentInput, path: string[]): Checked {
  const { assessmentName, idempotencyKey, rawResponses, ...scores } = input;
  const content = assessment.input.safeParse({
    riasec: { ...scores.riasec },
    ocean: { ...scores.ocean },
    viaIs: { ...scores.viaIs },
    industryScore: scores.industryScore ? { ...scores.industryScore } : undefined,
    rawResponses,
  });
  const keyFaults =
    typeof idempotencyKey === 'string' && !isIdempotencyKey(idempotencyKey)
      ? [invalid([...path, 'idempotencyKey'], 'must be 1 to 255 printable characters')]
      : [];
  if (!content.success) return { userErrors: faultsOf(content.error, path, keyFaults) };
  if (keyFaults.length > 0) return { userErrors: keyFaults };
  if ((assessmentName ?? SUPPORTED_ASSESSMENT_NAME) !== SUPPORTED_ASSESSMENT_NAME) {
    const message = `There is no engine for this assessment; "${SUPPORTED_ASSESSMENT_NAME}" has one`;
    return { userErrors: [userError('UNSUPPORTED_ASSESSMENT', message, [...path, 'assessmentName'])] };
  }

  const { rawResponses: raw, ...testData } = content.data;
  const { price, maxAttempts } = terms.policyOf(JobKind.ASSESSMENT);
  return {
    submission: {
      kind: JobKind.ASSESSMENT,
      name: SUPPORTED_ASSESSMENT_NAME,
      testData,
      ...(raw ? { rawResponses: raw } : {}),
      price,
      maxAttempts,
      tierPriority: terms.priorityOf((viewer as UserViewer).tier),
      ...(typeof idempotencyKey === 'string'
        ? { idempotency: { key: idempotencyKey, mutation: 'submitAssessment', inputHash: hashInput('submitAssessment', content.data) } }
        : {}),
    },
  };
}

/** Submits what passed its checks, and answers for every row in the order in which they came. */
async function submitAll({ viewer, lifecycle }: Context, checked: Checked[]) {
  const submissions = checked.flatMap((row) => ('submission' in row ? [row.submission] : []));
  const { outcomes, tokenBalance } =
    submissions.length > 0
      ? await lifecycle.submit((viewer as UserViewer).id, submissions)
      : { outcomes: [], tokenBalance: null };
  const answers = outcomes.values();
  const rows = checked.map((row): SubmitPayload => {
    if ('userErrors' in row) return { job: null, replayed: false, tokenBalance, userErrors: row.userErrors };
    return { tokenBalance, ...payloadOf(answers.next().value as SubmitOutcome) };
  });
  return { rows, tokenBalance };
}

function payloadOf(outcome: SubmitOutcome): Omit<SubmitPayload, 'tokenBalance'> {
  switch (outcome.outcome) {
    case 'SUBMITTED':
      return { job: outcome.job, replayed: outcome.replayed, userErrors: [] };
    case 'IDEMPOTENCY_KEY_REUSED': {
      const message = 'This key was used for another input';
      return { job: null, replayed: false, userErrors: [userError('IDEMPOTENCY_KEY_REUSED', message)] };
    }
    case 'INSUFFICIENT_TOKENS': {
      const { required, available } = outcome;
      const message = `The price is ${required}, and the balance is ${available}`;
      return { job: null, replayed: false, userErrors: [{ code: 'INSUFFICIENT_TOKENS', message, required, available }] };
    }
  }
}
