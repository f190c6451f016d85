import { GraphQLError } from 'graphql';
import { expect, it, vi } from 'vitest';
import { WrittenResult, writeOnce } from '../../src/gate/shared-text.ts';

const formatError = vi.fn(() => ({ message: 'masked' }));

it('writes a result once, and another one for itself', () => {
  const write = vi.fn((json: string) => json);
  const textOf = writeOnce(formatError, write);
  const result = { data: { seq: 1 } };
  expect([textOf(result), textOf(result)]).toEqual(['{"data":{"seq":1}}', '{"data":{"seq":1}}']);
  expect(write).toHaveBeenCalledOnce();
  expect(textOf({ data: { seq: 2 } })).toBe('{"data":{"seq":2}}');
  expect(textOf(result)).toBe('{"data":{"seq":1}}');
  expect(write).toHaveBeenCalledTimes(2);
});

it('takes the JSON of a result that was written before', () => {
  const write = vi.fn((json: string) => `<${json}>`);
  const textOf = writeOnce(formatError, write);
  const [one, two] = [new WrittenResult('{"data":{"seq":1}}'), new WrittenResult('{"data":{"seq":2}}')];
  expect([one, one, two].map(textOf)).toEqual([1, 1, 2].map((seq) => `<{"data":{"seq":${seq}}}>`));
  expect(write).toHaveBeenCalledTimes(2);
  expect(one.data).toEqual({ seq: 1 });
});

it('shows the errors of a result as a client may see them', () => {
  const textOf = writeOnce(formatError, (json) => json);
  const result = { data: null, errors: [new GraphQLError('CANARY')] };
  expect([textOf(result), textOf(result)]).toEqual(Array(2).fill('{"data":null,"errors":[{"message":"masked"}]}'));
  expect(formatError).toHaveBeenCalledOnce();
});
