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

describe('a share link', () => {
  const tokenIn = (url: string) => url.replace('https://assay.test/share/', '');

  it('leads back to its id, for as long as the secret is the same', () => {
    const url = links.makeShared(id);
    expect(url).toMatch(/^https:\/\/assay\.test\/share\/[\w-]{64}$/);
    expect(links.makeShared(id)).toBe(url);
    expect(links.shareIdOf(tokenIn(url))).toBe(id);
    expect(others.shareIdOf(tokenIn(url))).toBeUndefined();
    expect(links.makeShared(randomUUID()).slice(-43)).not.toBe(url.slice(-43));
  });

  it('has one spelling: no other letter leads anywhere', () => {
    const token = tokenIn(links.makeShared(id));
    for (let place = 0; place < token.length; place += 1) {
      const other = token[place] === 'A' ? 'B' : 'A';
      expect(links.shareIdOf(token.slice(0, place) + other + token.slice(place + 1))).toBeUndefined();
    }
    for (const text of ['', id, `${token}=`, `${token} `, `${token}\n`, token.slice(1), `${token}A`, `${token}.`]) {
      expect(links.shareIdOf(text)).toBeUndefined();
    }
  });

  it('is not guessed', () => {
    const letters = fc.uint8Array({ minLength: 48, maxLength: 48 }).map((b) => Buffer.from(b).toString('base64url'));
    fc.assert(
      fc.property(fc.oneof(letters, fc.string(), fc.string({ unit: 'binary' })), (token) => {
        expect(links.shareIdOf(token)).toBeUndefined();
      }),
    );
  });

  it('is not made of the link to a file, nor the other way round', () => {
    const { signature } = queryOf(links.make('GET', id).url);
    const bytes = Buffer.concat([Buffer.from(id.replaceAll('-', ''), 'hex'), Buffer.from(signature, 'base64url')]);
    expect(links.shareIdOf(bytes.toString('base64url'))).toBeUndefined();
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
