import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { FileRole } from '../entities/job-status.ts';
import { CompressionAlgorithm } from './enums.ts';
import { DateTime } from './scalars.ts';
import { type AnyUserError, UserError } from './user-error.ts';

@ObjectType({ description: 'A file of a job, with a link to it that anybody can follow until it expires.' })
export class JobFile {
  @Field(() => String, { description: 'What it is called: by its uploader, or by the job that made it.' })
  name!: string;

  @Field(() => Int, { description: 'Its bytes.' })
  size!: number;

  @Field(() => String, { description: 'Its media type, such as `text/csv`.' })
  contentType!: string;

  @Field(() => FileRole, { description: 'Whether it was uploaded for the job or made by it.' })
  role!: FileRole;

  @Field(() => String, {
    description:
      'Where to GET it, without a token, in whole or in ranges. Made anew each time it is asked for, and good for a few minutes.',
  })
  url!: string;

  @Field(() => DateTime, { description: 'Until when a download can be begun by this link.' })
  expiresAt!: Date;
}

@InputType({ description: 'A file that is about to be uploaded.' })
export class CreateUploadInput {
  @Field(() => String, { description: 'Its name, 1 to 255 characters that can be seen, without slashes.' })
  name!: string;

  @Field(() => Int, { description: 'Its size in bytes, exactly.' })
  size!: number;

  @Field(() => String, {
    description:
      'Its media type, such as `text/csv`. The bytes must be of that type, as far as one can see; text must be UTF-8.',
  })
  contentType!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The SHA-256 of its bytes in hexadecimal. Where it is told, bytes that differ are refused.',
  })
  sha256?: string | null;
}

@ObjectType({ description: 'An upload that is announced: PUT its bytes to its URL, then name it in a submit.' })
export class Upload {
  @Field(() => ID, {
    description: 'Its id, for the submit of one job. An upload that no job takes is gone after a day.',
  })
  id!: string;

  @Field(() => String, { description: 'Where to send the bytes, without a token. They can be put once.' })
  url!: string;

  @Field(() => String, { description: 'The HTTP method to send them by: PUT, with the Content-Type as announced.' })
  method!: string;

  @Field(() => DateTime, { description: 'Until when they can be sent.' })
  expiresAt!: Date;
}

@ObjectType({ description: 'The outcome of announcing an upload.' })
export class CreateUploadPayload {
  @Field(() => Upload, { nullable: true, description: 'Where to send the bytes. Null where it was refused.' })
  upload?: Upload | null;

  @Field(() => [UserError], { description: 'Why it was not done. Empty exactly when it was.' })
  userErrors!: AnyUserError[];
}

@InputType({ description: 'A file to be compressed.' })
export class SubmitCompressionInput {
  @Field(() => ID, {
    description: 'The upload to compress: complete, and of the same user. A job takes it for itself.',
  })
  uploadId!: string;

  @Field(() => String, {
    nullable: true,
    description: 'A title of 1 to 255 characters. By default it names the algorithm.',
  })
  name?: string | null;

  @Field(() => CompressionAlgorithm, {
    nullable: true,
    defaultValue: CompressionAlgorithm.ZSTD,
    description: 'By which algorithm.',
  })
  algorithm?: CompressionAlgorithm | null;

  @Field(() => Int, {
    nullable: true,
    description: 'How hard to try, higher being smaller and slower. Its range depends on the algorithm.',
  })
  level?: number | null;

  @Field(() => String, {
    nullable: true,
    description:
      'A key of 1 to 255 characters that makes it safe to send the same submit again. Unique within the user.',
  })
  idempotencyKey?: string | null;
}
