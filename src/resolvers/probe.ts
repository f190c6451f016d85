import { Arg, Authorized, Ctx, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { JobKind } from '../entities/job-status.ts';
import { apiError } from '../gate/errors.ts';
import { probe } from '../kinds/probe/index.ts';
import { SubmitPayload } from '../schema/payloads.ts';
import { SubmitProbeInput } from '../schema/probe.ts';
import { keyFaults, refusedSubmit, submissionOf, submitAll } from './submit.ts';
import { faultsOf } from './user-errors.ts';

@Resolver()
export class ProbeResolver {
  @Authorized('user')
  @Mutation(() => SubmitPayload, {
    description: 'Submits a job that misbehaves on demand. FORBIDDEN where probes are off, and always in production.',
  })
  async submitProbe(
    @Ctx() context: Context,
    @Arg('input', () => SubmitProbeInput, { description: 'What it does.' }) input: SubmitProbeInput,
  ): Promise<SubmitPayload> {
    if (!context.terms.probes) throw apiError('FORBIDDEN');
    const { idempotencyKey: key, ...given } = input;
    const content = probe.input.safeParse({
      behaviour: given.behaviour,
      milliseconds: given.milliseconds ?? 0,
      times: given.times ?? 1,
      bytes: given.bytes ?? 0,
    });
    const faults = keyFaults(key, ['input']);
    if (!content.success) return refusedSubmit(faultsOf(content.error, ['input'], faults));
    if (faults.length > 0) return refusedSubmit(faults);
    const submission = submissionOf(context, {
      kind: JobKind.PROBE,
      name: `Probe ${content.data.behaviour}`,
      mutation: 'submitProbe',
      testData: content.data,
      hashed: content.data,
      key,
    });
    const { rows } = await submitAll(context, [{ submission }]);
    return rows[0] as SubmitPayload;
  }
}
