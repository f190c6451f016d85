import { Arg, Authorized, Ctx, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { JobKind } from '../entities/job-status.ts';
import { wordCount } from '../kinds/word-count/index.ts';
import { SubmitPayload } from '../schema/payloads.ts';
import { SubmitWordCountInput } from '../schema/word-count.ts';
import { submitUpload } from './submit-upload.ts';

@Resolver()
export class WordCountResolver {
  @Authorized('user')
  @Mutation(() => SubmitPayload, { description: 'Counts the words of an uploaded text.' })
  async submitWordCount(
    @Ctx() context: Context,
    @Arg('input', () => SubmitWordCountInput, { description: 'The text, and what counts.' })
    input: SubmitWordCountInput,
  ): Promise<SubmitPayload> {
    return await submitUpload(context, {
      kind: JobKind.WORD_COUNT,
      handler: wordCount,
      mutation: 'submitWordCount',
      input,
      content: { leastLength: input.leastLength },
      title: 'Word count',
    });
  }
}
