import { expect, it } from 'vitest';
import { apiError, badInput, describeFaults, ERRORS, errorHeaders, isErrorCode } from '../../src/gate/errors.ts';

it('every code has a sentence and a status; only what may succeed later is retryable', () => {
  for (const [code, { status, message, retryable }] of Object.entries(ERRORS)) {
    expect([isErrorCode(code), status >= 200 && status < 600, /^[A-Z].*\.$/.test(message)]).toEqual([true, true, true]);
    expect(apiError(code as keyof typeof ERRORS)).toMatchObject({ code, message, extensions: { http: { status } } });
    expect(retryable).toBe([429, 503, 504].includes(status));
  }
  expect(['toString', '__proto__', '', 7, undefined].some(isErrorCode)).toBe(false);
});

it('faults are told by place and rule, three of them at most', () => {
  const fault = (index: number) => ({ path: ['input', 'rows', index, 'score'], rule: 'must be of type Int' });
  expect(describeFaults([fault(0)])).toBe('input.rows[0].score must be of type Int.');
  expect(describeFaults([0, 1, 2, 3].map(fault))).toMatch(/rows\[2\]\.score must be of type Int; …$/);
  expect(badInput({ path: [], rule: 'must be a JSON value' }).message).toBe('A value must be a JSON value.');
});

it('the headers say when to come back, and how to become somebody', () => {
  expect(errorHeaders('UNAUTHENTICATED')).toEqual({ 'www-authenticate': 'Bearer' });
  expect(errorHeaders('RATE_LIMITED', 1_500)).toEqual({ 'retry-after': '2' });
  expect(errorHeaders('SERVICE_UNAVAILABLE')).toEqual({ 'retry-after': '1' });
  expect(errorHeaders('FORBIDDEN')).toEqual({});
});
