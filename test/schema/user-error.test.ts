import { graphql } from 'graphql';
import { Arg, Query, Resolver } from 'type-graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { UserErrorCode } from '../../src/schema/enums.ts';
import { type AnyUserError, UserError } from '../../src/schema/user-error.ts';
import { schemaOfClasses } from './classes.ts';

/** What a mutation would return: a plain object with more in it than the type of its code may show. */
const errorOf = (code: UserErrorCode) =>
  ({
    code,
    message: 'No.',
    field: code === 'INVALID_INPUT' ? ['input', 'riasec', 'realistic'] : undefined,
    required: 2,
    available: 1,
    retryAfterSeconds: 7,
    status: 'PROCESSING',
    allowed: ['CANCEL', 'FORCE_DELETE'],
  }) as AnyUserError;

@Resolver()
class ErrorQuery {
  @Query(() => [UserError])
  userErrors(@Arg('code', () => UserErrorCode) code: UserErrorCode): AnyUserError[] {
    return [errorOf(code)];
  }
}

let schema: Awaited<ReturnType<typeof schemaOfClasses>>;
beforeAll(async () => {
  schema = await schemaOfClasses(ErrorQuery);
});

describe('a user error', () => {
  it.each([
    ['INVALID_INPUT', { __typename: 'SimpleError', field: ['input', 'riasec', 'realistic'] }],
    ['UNSUPPORTED_ASSESSMENT', { __typename: 'SimpleError' }],
    ['INSUFFICIENT_TOKENS', { __typename: 'InsufficientTokens', required: 2, available: 1 }],
    ['RATE_LIMITED', { __typename: 'RateLimited', retryAfterSeconds: 7 }],
    ['IDEMPOTENCY_KEY_REUSED', { __typename: 'SimpleError' }],
    ['NOT_FOUND', { __typename: 'SimpleError' }],
    ['JOB_ACTIVE', { __typename: 'InvalidMove', status: 'PROCESSING', allowed: ['CANCEL', 'FORCE_DELETE'] }],
    ['JOB_FINISHED', { __typename: 'InvalidMove', status: 'PROCESSING', allowed: ['CANCEL', 'FORCE_DELETE'] }],
    ['NOT_RETRYABLE', { __typename: 'InvalidMove', status: 'PROCESSING', allowed: ['CANCEL', 'FORCE_DELETE'] }],
    ['FILE_NOT_READY', { __typename: 'SimpleError' }],
    ['FILE_TOO_LARGE', { __typename: 'SimpleError' }],
    ['QUEUE_LIMIT_REACHED', { __typename: 'RateLimited', retryAfterSeconds: 7 }],
    ['SOURCE_NOT_CONFIGURED', { __typename: 'SimpleError' }],
  ])('of code %s shows the data of its own type', async (code, shown) => {
    const source = `query ($code: UserErrorCode!) { userErrors(code: $code) { __typename code message field
      ... on InsufficientTokens { required available }
      ... on RateLimited { retryAfterSeconds }
      ... on InvalidMove { status allowed } } }`;
    const { data, errors } = await graphql({ schema, source, variableValues: { code } });
    expect(errors).toBeUndefined();
    expect(data).toEqual({ userErrors: [{ code, message: 'No.', field: null, ...shown }] });
  });

  it('has a type for every code', () => {
    expect(Object.keys(UserErrorCode)).toHaveLength(13);
  });
});
