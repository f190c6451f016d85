import { GraphQLError } from 'graphql';
import { describe, expect, it, vi } from 'vitest';
import { createErrorFormat, toApiError } from '../../src/gate/error-format.ts';
import { apiError, badInput, ERRORS } from '../../src/gate/errors.ts';
import { createLog } from '../../src/log.ts';
import { useDatabase } from '../support/database.ts';
import { codeOf, useTinyApi } from './tiny-api.ts';
import { CANARY } from './tiny-schema.ts';

const lines: string[] = [];
const format = createErrorFormat(
  createLog({ level: 'debug', destination: { write: (line) => void lines.push(line) } }),
);

describe('an error of ours', () => {
  it('reaches the client as it is, with an id', () => {
    const details = [{ path: ['input', 'id'], rule: 'must have at most 128 characters' }];
    expect(format(badInput(...details))).toEqual({
      message: 'input.id must have at most 128 characters.',
      extensions: {
        code: 'BAD_USER_INPUT',
        errorId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        retryable: false,
        details,
      },
    });
    expect(format(apiError('RATE_LIMITED', { retryAfterMs: 2_000 })).extensions).toMatchObject({
      code: 'RATE_LIMITED',
      retryable: true,
      retryAfterMs: 2_000,
    });
  });

  it('keeps its code through the error that graphql-js wraps it in', () => {
    const wrapped = new GraphQLError('x', { originalError: apiError('NOT_FOUND'), path: ['job'] });
    expect(format(wrapped)).toMatchObject({
      message: ERRORS.NOT_FOUND.message,
      path: ['job'],
      extensions: { code: 'NOT_FOUND' },
    });
  });

  it('does not show its cause', () => {
    expect(JSON.stringify(format(apiError('UNAUTHENTICATED', { cause: new Error(CANARY) })))).not.toContain('CANARY');
  });
});

it('is SERVICE_UNAVAILABLE, and may be tried again, where a process gave up what it was at', () => {
  const error = new GraphQLError('x', { originalError: AbortSignal.abort().reason, path: ['doctor'] });
  expect(format(error)).toMatchObject({
    message: ERRORS.SERVICE_UNAVAILABLE.message,
    extensions: { code: 'SERVICE_UNAVAILABLE', retryable: true },
  });
});

describe('an error that is not known', () => {
  const unknown: [string, unknown][] = [
    ['an error', new Error(CANARY)],
    ['an error with a code of its own', Object.assign(new Error(CANARY), { code: 'ERR_CANARY' })],
    ['a bug that the database found', Object.assign(new Error(CANARY), { code: '23503' })],
    ['a GraphQLError of a resolver', new GraphQLError(CANARY, { path: ['a'] })],
    [
      'a GraphQLError with a code that is not ours',
      new GraphQLError(CANARY, { extensions: { code: 'CANARY', CANARY } }),
    ],
    ['text', CANARY],
    ['an object', { message: CANARY }],
    ['nothing', undefined],
  ];
  it.each(unknown)('is masked whatever it is: %s', (_what, error) => {
    const formatted = format(error);
    expect(formatted.extensions).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', retryable: false });
    expect(JSON.stringify(formatted)).not.toContain('CANARY');
  });

  it('is in the log under the same id, with its stack', () => {
    const errorId = String(format(new GraphQLError('x', { originalError: new Error(CANARY) })).extensions?.errorId);
    const line = lines.find((entry) => entry.includes(errorId));
    expect(JSON.parse(line ?? '{}')).toMatchObject({
      level: 'error',
      err: { message: CANARY, stack: expect.any(String) },
    });
  });

  it('gets a fixed message even when it carries a code of ours', () => {
    for (const code of ['BAD_USER_INPUT', 'BAD_REQUEST', 'GRAPHQL_PARSE_FAILED']) {
      const formatted = format(
        new GraphQLError(CANARY, { path: ['a'], extensions: { code, CANARY, details: CANARY } }),
      );
      expect(formatted).toMatchObject({ message: ERRORS[code as 'BAD_REQUEST'].message, extensions: { code } });
      expect(JSON.stringify(formatted)).not.toContain('CANARY');
    }
  });
});

describe('an error of a library below', () => {
  it('has our word for its code', () => {
    const named = (code: string) => format(new GraphQLError('x', { extensions: { code } })).extensions?.code;
    expect(['UNAUTHORIZED', 'OPERATION_RESOLUTION_FAILURE', 'PERSISTED_QUERY_NOT_FOUND'].map(named)).toEqual([
      'FORBIDDEN',
      'BAD_REQUEST',
      'BAD_REQUEST',
    ]);
  });

  it('of syntax tells the sort of a token and not its value', () => {
    const syntax = (message: string) =>
      format(new GraphQLError(message, { extensions: { code: 'GRAPHQL_PARSE_FAILED' } }));
    expect(syntax(`Syntax Error: Expected Name, found String "${CANARY} "quoted" \n".`).message).toBe(
      'Syntax Error: Expected Name, found String.',
    );
    expect(syntax('Syntax Error: Unexpected Name "x".').message).toBe('Syntax Error: Unexpected Name "x".');
    expect(syntax(`Syntax Error: Unexpected Name "${'x'.repeat(9_999)}".`).message.length).toBeLessThan(400);
  });

  it('of validation makes no suggestions', () => {
    const error = new GraphQLError('Cannot query field "a" on type "Query". Did you mean "secretField"?', {
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
    });
    expect(format(error).message).toBe('Cannot query field "a" on type "Query".');
  });

  it('becomes an error of ours for code that goes on', () => {
    expect(toApiError(new Error(CANARY))).toMatchObject({
      code: 'INTERNAL_SERVER_ERROR',
      message: ERRORS.INTERNAL_SERVER_ERROR.message,
    });
    expect(toApiError(Object.assign(new Error(CANARY), { code: 'ECONNREFUSED' }))).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    });
    const ours = apiError('NOT_FOUND');
    expect(toApiError(ours)).toBe(ours);
  });
});

describe('over HTTP', () => {
  const api = useTinyApi(useDatabase());
  const ask = async (query: string, variables?: unknown) =>
    api().ask({ query, variables }, { token: await api().userToken() });

  it('a fault of a resolver is a 500 that tells nothing, and the log has it', async () => {
    const answer = await ask('{ fails(how: "plain") }');
    expect([answer.status, codeOf(answer), answer.body.data]).toEqual([500, 'INTERNAL_SERVER_ERROR', { fails: null }]);
    expect(answer.text).not.toMatch(/CANARY|hunter2|stack|\.ts/);
    const { errorId } = answer.body.errors![0]!.extensions;
    expect(api().logged.some((line) => line.includes(errorId) && line.includes('CANARY'))).toBe(true);
  });

  it.each([
    ['57P01', 503, 'SERVICE_UNAVAILABLE', true],
    ['ECONNRESET', 503, 'SERVICE_UNAVAILABLE', true],
    ['57014', 504, 'TIMEOUT', true],
    ['22P02', 200, 'BAD_USER_INPUT', false],
  ])('an error %s of the database is %d %s', async (how, status, code, retryable) => {
    const answer = await ask('query ($how: String!) { fails(how: $how) }', { how });
    expect([answer.status, codeOf(answer), answer.body.errors![0]!.extensions.retryable]).toEqual([
      status,
      code,
      retryable,
    ]);
    expect(answer.text).not.toContain('CANARY');
    expect(answer.headers.has('retry-after')).toBe(status === 503);
  });

  it.each([
    ['select pg_sleep(50)', 'TIMEOUT'],
    [`select 'x'::uuid`, 'BAD_USER_INPUT'],
    [`select '{"a": "\\u0000"}'::jsonb`, 'BAD_USER_INPUT'],
    ['select 2147483647 + 1', 'BAD_USER_INPUT'],
    ['select from a_table_that_is_not_there', 'INTERNAL_SERVER_ERROR'],
  ])('a real failure of the database has its code and nothing of the statement: %s', async (statement, code) => {
    const answer = await ask('query ($statement: String!) { runs(statement: $statement) }', { statement });
    expect(codeOf(answer)).toBe(code);
    expect(answer.text).not.toMatch(/pg_|select|table|uuid|syntax/i);
  });

  it('a connection that the database ends is SERVICE_UNAVAILABLE, and the next one answers', async () => {
    const run = (statement: string) =>
      ask('query ($statement: String!) { runs(statement: $statement) }', { statement });
    const answer = await run('select pg_terminate_backend(pg_backend_pid())');
    expect(codeOf(answer)).toBe('SERVICE_UNAVAILABLE');
    expect(answer.text).not.toMatch(/pg_|select/i);
    // It is in the pool until its end is heard.
    await vi.waitFor(async () => expect((await run('select 1')).body.errors).toBeUndefined(), { timeout: 10_000 });
  });
});
