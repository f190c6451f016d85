import { setTimeout as wait } from 'node:timers/promises';
import {
  type AssayClient,
  AssayError,
  createAssayClient,
  SubmitAssessmentDocument,
  type SubmitAssessmentInput,
  ViewerDocument,
} from '../src/client/index.ts';
import { GrantTokensDocument, ReadArchetypeDocument } from './operations.generated.ts';
import type { Outcome } from './summary.ts';

export interface Analyst {
  /** Submits one respondent, follows the job to its end and reads its result. */
  analyse(respondent: { number: number; input: SubmitAssessmentInput }): Promise<Outcome>;
  close(): void;
}

export interface AnalystOptions {
  url: string;
  token: string;
  serviceToken: string | undefined;
  /** How many respondents are not done yet: the service token grants for all of them when the balance is used up. */
  left: () => number;
}

/** Submits as one user, over HTTP, and watches over one socket. @throws AssayError when the token is not accepted */
export async function createAnalyst(options: AnalystOptions): Promise<Analyst> {
  const { url, token } = options;
  const user = createAssayClient({ url, token });
  const { viewer } = await user.request(ViewerDocument, {});
  let granting: Promise<void> | undefined;
  const grant = (price: number) => {
    granting ??= payFor(options, viewer.id, price * options.left()).finally(() => {
      granting = undefined;
    });
    return granting;
  };

  async function submit(input: SubmitAssessmentInput): Promise<{ jobId: string } | { wrong: string }> {
    for (;;) {
      const { job, userErrors } = (await user.request(SubmitAssessmentDocument, { input })).submitAssessment;
      if (job) return { jobId: job.id };
      const [error] = userErrors;
      if (error?.__typename === 'InsufficientTokens') await grant(error.required);
      else if (error?.__typename === 'RateLimited') await wait(error.retryAfterSeconds * 1_000);
      else return { wrong: userErrors.map(({ field, message }) => `${field?.join('.') ?? ''}: ${message}`).join('; ') };
    }
  }

  return {
    async analyse({ number: line, input }) {
      try {
        const start = performance.now();
        const submitted = await submit(input);
        if ('wrong' in submitted) return { line, ...submitted };
        const submitMs = performance.now() - start;
        const end = await watch(user, submitted.jobId);
        if ('failed' in end) return { line, ...end };
        const totalMs = performance.now() - start;
        const { result } = await user.request(ReadArchetypeDocument, { id: end.resultId });
        return { line, submitMs, totalMs, archetype: result?.assessment?.archetype ?? 'none' };
      } catch (error) {
        if (error instanceof AssayError) return { line, wrong: error.message };
        throw error;
      }
    },
    close: () => user.close(),
  };
}

/** Follows a job from its first event, so that none is missed however fast it is. */
async function watch(user: AssayClient, jobId: string): Promise<{ resultId: string } | { failed: string }> {
  for await (const event of user.watchJob(jobId, { after: 0 })) {
    if (event.status === 'COMPLETED' && event.resultId) return { resultId: event.resultId };
    if (event.status === 'FAILED' || event.status === 'CANCELLED') {
      return { failed: event.metadata.errorMessage ?? event.status };
    }
  }
  return { failed: 'the subscription ended before the job did' };
}

async function payFor({ url, serviceToken }: AnalystOptions, userId: string, amount: number): Promise<void> {
  if (!serviceToken) throw new Error('The balance is used up; with --service-token this example grants what it needs.');
  const service = createAssayClient({ url, token: serviceToken });
  const input = { userId, amount, reason: 'Example run', idempotencyKey: crypto.randomUUID() };
  const [error] = (await service.request(GrantTokensDocument, { input })).grantTokens.userErrors;
  if (error) throw new Error(`Tokens were not granted: ${error.message}`);
}
