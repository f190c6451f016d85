import type { Context } from '../context.ts';
import type { JobKind } from '../entities/job-status.ts';
import { isUuid, requireId } from '../gate/ids.ts';
import type { Kind } from '../kinds/kind.ts';
import type { SubmitPayload } from '../schema/payloads.ts';
import type { AnyUserError } from '../schema/user-error.ts';
import { keyFaults, refusedSubmit, submissionOf, submitAll } from './submit.ts';
import { faultsOf, invalid, notFound } from './user-errors.ts';

const UPLOAD = ['input', 'uploadId'];
const TITLE = /^\P{C}{1,255}$/u;

/** A submit of a job that works on an upload. */
export interface UploadSubmit<Input> {
  kind: JobKind;
  handler: Pick<Kind<Input, unknown>, 'input'>;
  /** The mutation that a repeated key must have come with. */
  mutation: string;
  input: { uploadId: string; name?: string | null; idempotencyKey?: string | null };
  /** What the handler is to be told, before it is checked. */
  content: object;
  /** The job's name where none is given. */
  title: string;
  /** What else is wrong with it. */
  faults?: AnyUserError[];
}

/** Checks the content, and then charges the price, takes the file and queues the job, or does none of it and says why. */
export async function submitUpload<Input extends object>(
  context: Context,
  { kind, handler, mutation, input, content, title, faults = [] }: UploadSubmit<Input>,
): Promise<SubmitPayload> {
  const uploadId = requireId(input.uploadId, UPLOAD).toLowerCase();
  const { idempotencyKey: key } = input;
  const found = [...nameFaults(input.name), ...keyFaults(key, ['input']), ...faults];
  const checked = handler.input.safeParse(content);
  if (!checked.success) return refusedSubmit(faultsOf(checked.error, ['input'], found));
  if (found.length > 0) return refusedSubmit(found);
  if (!isUuid(uploadId)) return refusedSubmit([notFound(UPLOAD)]);
  const name = input.name ?? title;
  const submission = submissionOf(context, {
    kind,
    name,
    mutation,
    testData: checked.data,
    hashed: { ...checked.data, name, uploadId },
    key,
    uploadId,
  });
  const { rows } = await submitAll(context, [{ submission }]);
  return rows[0] as SubmitPayload;
}

const nameFaults = (name: string | null | undefined): AnyUserError[] =>
  typeof name === 'string' && !TITLE.test(name)
    ? [invalid(['input', 'name'], 'must be 1 to 255 characters that can be seen')]
    : [];
