import { Field, Int, InterfaceType, ObjectType } from 'type-graphql';
import { JobStatus } from '../entities/job-status.ts';
import { JobAction, UserErrorCode } from './enums.ts';

const TYPE_OF_CODE = {
  INVALID_INPUT: 'SimpleError',
  UNSUPPORTED_ASSESSMENT: 'SimpleError',
  INSUFFICIENT_TOKENS: 'InsufficientTokens',
  RATE_LIMITED: 'RateLimited',
  IDEMPOTENCY_KEY_REUSED: 'SimpleError',
  NOT_FOUND: 'SimpleError',
  JOB_ACTIVE: 'InvalidMove',
  JOB_FINISHED: 'InvalidMove',
  NOT_RETRYABLE: 'InvalidMove',
  FILE_NOT_READY: 'SimpleError',
  FILE_TOO_LARGE: 'SimpleError',
  QUEUE_LIMIT_REACHED: 'RateLimited',
  SOURCE_NOT_CONFIGURED: 'SimpleError',
} as const satisfies Record<UserErrorCode, string>;

/** The codes that come as the given type. */
type CodeOf<Type extends string> = {
  [Code in UserErrorCode]: (typeof TYPE_OF_CODE)[Code] extends Type ? Code : never;
}[UserErrorCode];

@InterfaceType({
  description:
    'An expected outcome in which a mutation did not do what was asked. Nothing was changed or charged. Select `__typename` and the fields of the types below for what each one adds.',
  resolveType: (error: UserError) => TYPE_OF_CODE[error.code],
})
export abstract class UserError {
  @Field(() => UserErrorCode, { description: 'The reason as a stable code to branch on.' })
  code!: UserErrorCode;

  @Field(() => String, { description: 'The reason in words that can be shown to the user.' })
  message!: string;

  @Field(() => [String], {
    nullable: true,
    description:
      'The path to the value at fault, from the argument on, such as `["input", "riasec", "realistic"]`. Null where no single value is.',
  })
  field?: string[] | null;
}

@ObjectType({ implements: UserError, description: 'An error without data of its own: its code says it all.' })
export class SimpleError extends UserError {
  declare code: CodeOf<'SimpleError'>;
}

@ObjectType({ implements: UserError, description: 'The balance does not cover the price. Code INSUFFICIENT_TOKENS.' })
export class InsufficientTokens extends UserError {
  declare code: CodeOf<'InsufficientTokens'>;

  @Field(() => Int, { description: 'The tokens that were needed.' })
  required!: number;

  @Field(() => Int, { description: 'The tokens that are there.' })
  available!: number;
}

@ObjectType({
  implements: UserError,
  description:
    'Too much at once: too many mutations in a minute or uploads that no job has taken (RATE_LIMITED), or too many queued jobs (QUEUE_LIMIT_REACHED).',
})
export class RateLimited extends UserError {
  declare code: CodeOf<'RateLimited'>;

  @Field(() => Int, { description: 'Whole seconds to wait before the same request can succeed.' })
  retryAfterSeconds!: number;
}

@ObjectType({
  implements: UserError,
  description: 'The job is in a status that does not allow this. Codes JOB_ACTIVE, JOB_FINISHED and NOT_RETRYABLE.',
})
export class InvalidMove extends UserError {
  declare code: CodeOf<'InvalidMove'>;

  @Field(() => JobStatus, { description: 'The status in which the job was found.' })
  status!: JobStatus;

  @Field(() => [JobAction], { description: 'What the viewer may do with it instead.' })
  allowed!: JobAction[];
}

/** What a mutation may put in its `userErrors`: plain objects of one of these shapes, told apart by their code. */
export type AnyUserError = SimpleError | InsufficientTokens | RateLimited | InvalidMove;
