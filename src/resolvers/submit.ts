import { Arg, Authorized, Ctx, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { JobKind } from '../entities/job-status.ts';
import { apiError } from '../gate/errors.ts';
import type { UserViewer, Viewer } from '../gate/viewer.ts';
import { assessment } from '../kinds/assessment/index.ts';
import { SUPPORTED_ASSESSMENT_NAME } from '../kinds/assessment/input.ts';
import type { Submission, SubmitOutcome } from '../lifecycle/submit.ts';
import { SubmitAssessmentInput, SubmitAssessmentsInput } from '../schema/assessment-input.ts';
import { SubmitManyPayload, SubmitPayload } from '../schema/payloads.ts';
import type { AnyUserError } from '../schema/user-error.ts';
import { hashInput, isIdempotencyKey } from './idempotency.ts';
import { faultsOf, invalid, notFound, queueFull, userError } from './user-errors.ts';

const MAX_ROWS = 100;
const UPLOAD = ['input', 'uploadId'];

/** A row of a batch is the same submit as one that comes alone, so a key that came with one may come back with the other. */
const MUTATION = 'submitAssessment';

interface Checked {
  submission: Omit<Submission, 'userId'>;
}

type Row = Checked | { userErrors: AnyUserError[] };

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
    description:
      'Submits up to 100 assessments. Each row has its own outcome: one that is refused does not stop the others.',
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

/**
 * What can be said of an assessment without the database: first of its content, which includes the form of its key, then
 * of its name and its engine.
 */
function checkAssessment(context: Context, input: SubmitAssessmentInput, path: string[]): Row {
  const { assessmentName: name, idempotencyKey: key, ...answers } = input;
  const content = assessment.input.safeParse(plain(answers));
  const faults = keyFaults(key, path);
  if (!content.success) return { userErrors: faultsOf(content.error, path, faults) };
  if (faults.length > 0) return { userErrors: faults };
  if ((name ?? SUPPORTED_ASSESSMENT_NAME) !== SUPPORTED_ASSESSMENT_NAME) {
    const message = `There is no engine for this assessment; "${SUPPORTED_ASSESSMENT_NAME}" has one`;
    return { userErrors: [userError('UNSUPPORTED_ASSESSMENT', message, [...path, 'assessmentName'])] };
  }
  if (content.data.engine === 'LANGUAGE_MODEL' && !context.terms.languageModel) {
    const message = 'There is no language model here; the engine RULES needs none';
    return { userErrors: [userError('UNSUPPORTED_ASSESSMENT', message, [...path, 'engine'])] };
  }

  const { rawResponses, ...testData } = content.data;
  return {
    submission: submissionOf(context, {
      kind: JobKind.ASSESSMENT,
      name: SUPPORTED_ASSESSMENT_NAME,
      mutation: MUTATION,
      testData,
      rawResponses,
      hashed: { assessmentName: SUPPORTED_ASSESSMENT_NAME, ...content.data },
      key,
    }),
  };
}

/** Whether an idempotency key has a form that it can have. */
export const keyFaults = (key: string | null | undefined, path: string[]): AnyUserError[] =>
  typeof key === 'string' && !isIdempotencyKey(key)
    ? [invalid([...path, 'idempotencyKey'], 'must be 1 to 255 printable characters')]
    : [];

/** Checked input as the lifecycle takes it: priced and ranked as this installation has it. */
export function submissionOf(
  { viewer, terms, origin }: Context,
  work: Pick<Submission, 'kind' | 'name' | 'testData' | 'rawResponses' | 'uploadId'> & {
    mutation: string;
    /** What a repeated key must have come with: the input with its defaults. */
    hashed: object;
    key: string | null | undefined;
  },
): Checked['submission'] {
  const { kind, name, testData, rawResponses, uploadId, mutation, hashed, key } = work;
  const { price, maxAttempts } = terms.policyOf(kind);
  return {
    kind,
    name,
    testData,
    ...(rawResponses !== undefined && { rawResponses }),
    ...(uploadId !== undefined && { uploadId }),
    price,
    maxAttempts,
    tierPriority: terms.priorityOf(userOf(viewer).tier),
    origin,
    ...(typeof key === 'string' && { idempotency: { key, mutation, inputHash: hashInput(mutation, hashed) } }),
  };
}

/** The blocks of scores come as instances of their input classes; a kind takes plain objects only. */
function plain({ riasec, ocean, viaIs, industryScore, rawResponses, engine }: SubmitAssessmentInput) {
  return {
    riasec: { ...riasec },
    ocean: { ...ocean },
    viaIs: { ...viaIs },
    industryScore: industryScore && { ...industryScore },
    rawResponses,
    engine,
  };
}

/** Submits what passed its checks, and answers for every row in the order in which they came. */
export async function submitAll({ viewer, lifecycle }: Context, checked: Row[]) {
  const submissions = checked.flatMap((row) => ('submission' in row ? [row.submission] : []));
  const { outcomes, tokenBalance } =
    submissions.length > 0
      ? await lifecycle.submit(userOf(viewer).id, submissions)
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
    case 'IDEMPOTENCY_KEY_REUSED':
      return refused(userError('IDEMPOTENCY_KEY_REUSED', 'This key was used for another input'));
    case 'QUEUE_LIMIT_REACHED':
      return refused(queueFull());
    case 'INSUFFICIENT_TOKENS': {
      const { required, available } = outcome;
      const message = `The price is ${required}, and the balance is ${available}`;
      return refused({ code: 'INSUFFICIENT_TOKENS', message, required, available });
    }
    case 'UPLOAD_NOT_FOUND':
      return refused(notFound(UPLOAD));
    case 'UPLOAD_NOT_STORED':
      return refused(userError('FILE_NOT_READY', 'The bytes of this upload have not come yet', UPLOAD));
    case 'UPLOAD_TAKEN':
      return refused(userError('FILE_NOT_READY', 'Another job took this upload', UPLOAD));
  }
}

const refused = (...userErrors: AnyUserError[]) => ({ job: null, replayed: false, userErrors });

/** The answer to a submit that was refused before it came to the lifecycle. */
export const refusedSubmit = (userErrors: AnyUserError[]): SubmitPayload => ({
  job: null,
  replayed: false,
  tokenBalance: null,
  userErrors,
});

/** @throws FORBIDDEN for a service: it has no account that could pay, whatever its scopes are */
export function userOf(viewer: Viewer): UserViewer {
  if (viewer.kind !== 'user') throw apiError('FORBIDDEN');
  return viewer;
}
