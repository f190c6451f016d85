import { Arg, Authorized, Ctx, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { mediaTypeOf } from '../files/content-check.ts';
import { CreateUploadInput, CreateUploadPayload } from '../schema/file.ts';
import type { AnyUserError } from '../schema/user-error.ts';
import { userOf } from './submit.ts';
import { invalid, userError } from './user-errors.ts';

/** Characters that can be seen, and none that a file system or a browser takes for a part of a path. */
const FILE_NAME = /^[^\p{C}/\\]{1,255}$/u;
const SHA256 = /^[0-9a-f]{64}$/i;

@Resolver()
export class UploadsResolver {
  @Authorized('user')
  @Mutation(() => CreateUploadPayload, {
    description: 'Announces a file, and answers where to PUT its bytes. Nothing is charged.',
  })
  async createUpload(
    @Ctx() context: Context,
    @Arg('input', () => CreateUploadInput, { description: 'What the file is.' }) input: CreateUploadInput,
  ): Promise<CreateUploadPayload> {
    const { viewer, lifecycle, files, terms } = context;
    const contentType = mediaTypeOf(input.contentType);
    const userErrors = faultsOf(input, contentType, terms.uploadBytes);
    if (userErrors.length > 0 || contentType === undefined) return { upload: null, userErrors };
    const { name, size } = input;
    const announced = await lifecycle.announceUpload(
      { userId: userOf(viewer).id, name, contentType, size, sha256: input.sha256?.toLowerCase() ?? null },
      terms.waitingUploads,
    );
    if (announced.outcome === 'UPLOADS_WAITING') return { upload: null, userErrors: [tooMany(announced)] };
    const { id } = announced.file;
    return { upload: { id, method: 'PUT', ...files.makeLink('PUT', id) }, userErrors };
  }
}

const tooMany = ({ retryAfterSeconds }: { retryAfterSeconds: number }): AnyUserError => ({
  code: 'RATE_LIMITED',
  message: 'Too many uploads wait for a job to take them',
  retryAfterSeconds,
});

function faultsOf(
  { name, size, sha256 }: CreateUploadInput,
  contentType: string | undefined,
  mostBytes: number,
): AnyUserError[] {
  const faults: AnyUserError[] = [];
  const fault = (field: string, message: string) => faults.push(invalid(['input', field], message));
  if (!FILE_NAME.test(name) || /^\.{1,2}$/.test(name)) {
    fault('name', 'must be 1 to 255 characters that can be seen, without slashes');
  }
  if (size < 1) fault('size', 'must be at least 1');
  if (contentType === undefined) fault('contentType', 'must be a media type, such as text/csv');
  if (typeof sha256 === 'string' && !SHA256.test(sha256)) fault('sha256', 'must be 64 hexadecimal digits');
  if (size > mostBytes) {
    faults.push(userError('FILE_TOO_LARGE', `A file may have at most ${mostBytes} bytes`, ['input', 'size']));
  }
  return faults;
}
