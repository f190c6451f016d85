import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { isUuid, requireId } from '../../src/gate/ids.ts';

it('an id can be a UUID of any version and case, and nothing else', () => {
  expect(
    [randomUUID(), '0198C0DE-0000-7000-8000-00000000000A', '00000000-0000-0000-0000-000000000000'].every(isUuid),
  ).toBe(true);
  const others = [
    '',
    'x',
    `${randomUUID()} `,
    `${randomUUID()}\n`,
    randomUUID().slice(1),
    randomUUID().replaceAll('-', ''),
    "' or 1=1 --",
  ];
  expect(others.some(isUuid)).toBe(false);
});

it('an id of more than 128 characters is refused without being repeated', () => {
  expect(requireId('x'.repeat(128))).toBe('x'.repeat(128));
  expect(() => requireId('CANARY'.repeat(22), ['input', 'id'])).toThrow(
    expect.objectContaining({
      code: 'BAD_USER_INPUT',
      message: 'input.id must have at most 128 characters.',
      details: [{ path: ['input', 'id'], rule: 'must have at most 128 characters' }],
    }),
  );
});
