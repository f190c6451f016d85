import { Arg, Authorized, Ctx, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { JobKind } from '../entities/job-status.ts';
import { isAvailable } from '../kinds/compress/codecs.ts';
import { compress } from '../kinds/compress/index.ts';
import { SubmitCompressionInput } from '../schema/file.ts';
import { SubmitPayload } from '../schema/payloads.ts';
import { submitUpload } from './submit-upload.ts';
import { invalid } from './user-errors.ts';

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
    const algorithm = input.algorithm ?? 'ZSTD';
    return await submitUpload(context, {
      kind: JobKind.COMPRESS,
      handler: compress,
      mutation: 'submitCompression',
      input,
      content: { algorithm, level: input.level },
      title: `${algorithm} compression`,
      faults: isAvailable(algorithm) ? [] : [invalid(['input', 'algorithm'], 'is not to be had in this installation')],
    });
  }
}
