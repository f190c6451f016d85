import { Arg, Authorized, Ctx, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { JobKind } from '../entities/job-status.ts';
import { isUuid, requireId } from '../gate/ids.ts';
import { isAvailable } from '../kinds/compress/codecs.ts';
import { compress } from '../kinds/compress/index.ts';
import { SubmitCompressionInput } from '../schema/file.ts';
import { SubmitPayload } from '../schema/payloads.ts';
import type { AnyUserError } from '../schema/user-error.ts';
import { keyFaults, submissionOf, submitAll } from './submit.ts';
import { faultsOf, invalid, notFound } from './user-errors.ts';

const UPLOAD = ['input', 'uploadId'];
const TITLE = /^\P{C}{1,255}$/u;

@Resolver()
export class CompressionResolver {
  @Authorized('user')
  @Mutation(() => SubmitPayload, {
    description:
      'Compresses an upload: charges its price, takes the file and queues the job, or does none of it and says why.',
  })
  async submitCompression(
    @Ctx() context: Context,
    @Arg('input', () => SubmitCompressionInput, { description: 'The file, and how.' }) input: SubmitCompressionInput,
  ): Promise<SubmitPayload> {
    const uploadId = requireId(input.uploadId, UPLOAD).toLowerCase();
    const { idempotencyKey: key, level } = input;
    const algorithm = input.algorithm ?? 'ZSTD';
    const faults = [...nameFaults(input.name), ...keyFaults(key, ['input'])];
    const content = compress.input.safeParse({ algorithm, level });
    if (!content.success) return refused(faultsOf(content.error, ['input'], faults));
    if (!isAvailable(algorithm)) faults.push(invalid(['input', 'algorithm'], 'is not to be had in this installation'));
    if (faults.length > 0) return refused(faults);
    if (!isUuid(uploadId)) return refused([notFound(UPLOAD)]);
    const name = input.name ?? `${algorithm} compression`;
    const submission = submissionOf(context, {
      kind: JobKind.COMPRESS,
      name,
      mutation: 'submitCompression',
      testData: content.data,
      hashed: { ...content.data, name, uploadId },
      key,
      uploadId,
    });
    const { rows } = await submitAll(context, [{ submission }]);
    return rows[0] as SubmitPayload;
  }
}

const nameFaults = (name: string | null | undefined): AnyUserError[] =>
  typeof name === 'string' && !TITLE.test(name)
    ? [invalid(['input', 'name'], 'must be 1 to 255 characters that can be seen')]
    : [];

const refused = (userErrors: AnyUserError[]): SubmitPayload => ({
  job: null,
  replayed: false,
  tokenBalance: null,
  userErrors,
});
