import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLinks, signingSecretOf } from '../../src/files/links.ts';

const NOW = Date.parse('2026-03-01T12:00:00.400Z');
let now = NOW;
const links = createLinks({ secret: 'one secret', baseUrl: () => 'https://assay.test', now: () => now });
const others = createLinks({ secret: 'another secret', baseUrl: () => 'https://assay.test', now: () => now });
const id = randomUUID();
const queryOf = (url: string) =>
  Object.fromEntries(new URL(url).searchParams) as { expires: string; signature: string };

describe('a link', () => {
  it('opens one file for one method until it ends', () => {
    now = NOW;
    for (const [method, minutes] of [
      ['GET', 5],
      ['PUT', 60],
    ] as const) {
      const { url, expiresAt } = links.make(method, id);
      expect(url).toMatch(new RegExp(`^https://assay.test/files/${id}\\?expires=\\d+&signature=[\\w-]{43}$`));
      expect(expiresAt.toISOString()).toBe(new Date(Math.floor(NOW / 1_000) * 1_000 + minutes * 60_000).toISOString());
      expect(links.isValid(method, id, queryOf(url))).toBe(true);
      now = expiresAt.getTime() - 1;
      expect(links.isValid(method, id, queryOf(url))).toBe(true);
      now = expiresAt.getTime();
      expect(links.isValid(method, id, queryOf(url))).toBe(false);
      now = NOW;
    }
  });

  it('opens nothing else', () => {
    const query = queryOf(links.make('GET', id).url);
    expect(links.isValid('PUT', id, query)).toBe(false);
    expect(links.isValid('GET', randomUUID(), query)).toBe(false);
    expect(links.isValid('GET', id, { ...query, expires: String(Number(query.expires) + 1) })).toBe(false);
    expect(others.isValid('GET', id, query)).toBe(false);
    expect(links.isValid('GET', id, { signature: query.signature })).toBe(false);
    expect(links.isValid('GET', id, { expires: query.expires })).toBe(false);
    expect(links.isValid('GET', id, { ...query, signature: [query.signature, query.signature] })).toBe(false);
  });

  it('is not opened by any other letters', () => {
    const query = queryOf(links.make('GET', id).url);
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.base64String({ minLength: 43, maxLength: 44 }),
    );
    fc.assert(
      fc.property(text, text, (expires, signature) => {
        fc.pre(signature !== query.signature);
        expect(links.isValid('GET', id, { expires, signature })).toBe(false);
        expect(links.isValid('GET', id, { ...query, signature })).toBe(false);
      }),
    );
  });
});

describe('the key of the links', () => {
  it('is the configured one, else one that comes from the users’ secret and does not give it away', () => {
    const secret = 'a secret of thirty-two bytes or more';
    expect(signingSecretOf({ signingSecret: 'own', jwt: { secret } })).toBe('own');
    const derived = signingSecretOf({ jwt: { secret } });
    expect(derived).toBe(signingSecretOf({ jwt: { secret } }));
    expect(derived).not.toBe(signingSecretOf({ jwt: { secret: `${secret}!` } }));
    expect(derived).not.toContain(secret);
    expect(signingSecretOf({ jwt: {} })).toBeUndefined();
  });
});
