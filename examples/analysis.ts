import { setTimeout as wait } from 'node:timers/promises';
import { type Connection, connect } from './connection.ts';
import {
  GrantTokensDocument,
  ReadResultDocument,
  SubmitAssessmentDocument,
  type SubmitAssessmentInput,
  WatchJobDocument,
  WhoAmIDocument,
} from './operations.generated.ts';
import type { Finished } from './summary.ts';

/** The input is not one that the API takes; the reason names the field. */
export class WrongInput extends Error {
  override readonly name = 'WrongInput';
}

/** The job ended without an answer. */
export class JobFailed extends Error {
  override readonly name = 'JobFailed';
}

export interface Analyst {
  /** Submits one respondent, follows the job to its end and reads its result. @throws WrongInput, JobFailed */
  analyse(input: SubmitAssessmentInput): Promise<Finished>;
  close(): void;
}

/**
 * Submits as one user. When the balance is used up, the service token pays for what is still to come.
 * @param options.left how many respondents are still to be submitted, the present one included
 */
export async function createAnalyst(options: {
  url: string;
  token: string;
  serviceToken: string | undefined;
  left: () => number;
}): Promise<Analyst> {
  const user = connect(options.url, options.token);
  const { viewer } = await user.request(WhoAmIDocument, {});
  let granting: Promise<void> | undefined;

  const grant = (amount: number) => {
    granting ??= payFor(options, viewer.id, amount).finally(() => (granting = undefined));
    return granting;
  };

  async function submit(input: SubmitAssessmentInput): Promise<string> {
    for (;;) {
      const { submitAssessment } = await user.request(SubmitAssessmentDocument, { input });
      const { job, userErrors } = submitAssessment;
      if (job) return job.id;
      const [error] = userErrors;
      if (error?.__typename === 'InsufficientTokens') await grant(error.required * options.left());
      else if (error?.__typename === 'RateLimited') await wait(error.retryAfterSeconds * 1000);
      else throw new WrongInput(userErrors.map(({ field, message }) => `${field?.join('.') ?? ''}: ${message}`).join('; '));
    }
  }

  return {
    async analyse(input) {
      const start = performance.now();
      const jobId = await submit(input);
      const submitMs = performance.now() - start;
      const resultId = await watch(user, jobId);
      const totalMs = performance.now() - start;
      const { result } = await user.request(ReadResultDocument, { id: resultId });
      return { submitMs, totalMs, archetype: result?.assessment?.archetype ?? null };
    },
    close: () => void user.close(),
  };
}

/** Follows a job from its first event, so that none is missed however fast it is. @returns the id of its result */
async function watch(user: Connection, jobId: string): Promise<string> {
  for await (const { jobEvents: event } of user.subscribe(WatchJobDocument, { jobId, after: 0 })) {
    if (event.status === 'COMPLETED' && event.resultId) return event.resultId;
    if (event.status === 'FAILED' || event.status === 'CANCELLED') {
      throw new JobFailed(event.metadata.errorMessage ?? event.status);
    }
  }
  throw new JobFailed('the subscription ended before the job did');
}

async function payFor({ url, serviceToken }: { url: string; serviceToken: string | undefined }, userId: string, amount: number) {
  if (serviceToken === undefined) throw new Error('The balance is used up; --service-token would let this example grant more.');
  const service = connect(url, serviceToken);
  const input = { userId, amount, reason: 'Example run', idempotencyKey: crypto.randomUUID() };
  const { grantTokens } = await service.request(GrantTokensDocument, { input });
  const [error] = grantTokens.userErrors;
  if (error) throw new Error(`Tokens were not granted: ${error.message}`);
}
