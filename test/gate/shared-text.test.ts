import { GraphQLError } from 'graphql';
import { expect, it, vi } from 'vitest';
import { writeOnce } from '../../src/gate/shared-text.ts';

const formatError = vi.fn(() => ({ message: 'masked' }));

it('writes a result once, and another one for itself', () => {
  const write = vi.fn(JSON.stringify);
  const textOf = writeOnce(formatError, write);
  const result = { data: { seq: 1 } };
  expect([textOf(result), textOf(result)]).toEqual(['{"data":{"seq":1}}', '{"data":{"seq":1}}']);
  expect(write).toHaveBeenCalledOnce();
  expect(textOf({ data: { seq: 2 } })).toBe('{"data":{"seq":2}}');
});

it('shows the errors of a result as a client may see them', () => {
  const textOf = writeOnce(formatError, JSON.stringify);
  const result = { data: null, errors: [new GraphQLError('CANARY')] };
  expect([textOf(result), textOf(result)]).toEqual(Array(2).fill('{"data":null,"errors":[{"message":"masked"}]}'));
  expect(formatError).toHaveBeenCalledOnce();
});
