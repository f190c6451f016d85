import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** 1 to 255 characters that can be seen: no control characters, no half of a surrogate pair. */
const KEY = /^\P{C}{1,255}$/u;

export const isIdempotencyKey = (key: string): boolean => KEY.test(key);

/**
 * A fingerprint of what was asked, so that a key that comes back with something else is noticed. It covers the mutation
 * and all of the input, down to the last nested value and whatever the order of the keys (RFC 8785). The caller brings
 * the input with its defaults, and without the fields that were left out or null.
 */
export const hashInput = (mutation: string, input: object): string =>
  createHash('sha256')
    .update(canonicalize({ mutation, input }) ?? '')
    .digest('hex');
