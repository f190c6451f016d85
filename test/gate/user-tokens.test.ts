import { createHmac, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  base64url,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ERRORS } from '../../src/gate/errors.ts';
import { createUserTokenVerifier, rememberPayloads, signUserToken } from '../../src/gate/user-tokens.ts';

const secret = 'a secret of more than thirty-two bytes';
const sub = '0198C0DE-0000-7000-8000-000000000001';
const DAY = 86_400;
const now = () => Math.floor(Date.now() / 1000);

const verify = createUserTokenVerifier({ secret, issuer: 'https://id.test', audience: 'assay', maxAgeSeconds: DAY });
const claims = (): JWTPayload => ({ sub, iss: 'https://id.test', aud: 'assay', iat: now(), exp: now() + 60 });

function sign(payload: JWTPayload, header: JWTHeaderParameters = { alg: 'HS256' }, key = secret): Promise<string> {
  return new SignJWT(payload).setProtectedHeader(header).sign(new TextEncoder().encode(key));
}

const segment = (value: unknown) => base64url.encode(JSON.stringify(value));
const without = (name: string) => Object.fromEntries(Object.entries(claims()).filter(([key]) => key !== name));

/** Made without the library, which would not sign some of them. */
const hostile: Record<string, () => string | Promise<string>> = {
  'no text at all': () => '',
  'a text that is no token': () => 'not.a.token',
  'two segments': () => `${segment({ alg: 'HS256' })}.${segment(claims())}`,
  'alg none': () => `${segment({ alg: 'none' })}.${segment(claims())}.`,
  'alg None with a signature': async () =>
    `${segment({ alg: 'None' })}.${(await sign(claims())).split('.').slice(1).join('.')}`,
  'another secret': () => sign(claims(), { alg: 'HS256' }, 'another secret of thirty-two bytes or so'),
  'another algorithm of the same family': () => sign(claims(), { alg: 'HS512' }),
  'changed claims': async () => {
    const [header, , signature] = (await sign(claims())).split('.');
    return `${header}.${segment({ ...claims(), sub: randomUUID() })}.${signature}`;
  },
  'no exp': () => sign(without('exp')),
  'exp that is text': () => sign({ ...claims(), exp: 'tomorrow' as unknown as number }),
  'expired six seconds ago': () => sign({ ...claims(), iat: now() - 60, exp: now() - 6 }),
  'exp in a hundred years': () => sign({ ...claims(), exp: now() + 100 * 365 * DAY }),
  'exp in a hundred years, without iat': () => sign({ ...without('iat'), exp: now() + 100 * 365 * DAY }),
  'exp too far from iat': () => sign({ ...claims(), iat: now() - 2 * DAY, exp: now() + 60 }),
  'not yet valid': () => sign({ ...claims(), nbf: now() + 60 }),
  'another audience': () => sign({ ...claims(), aud: 'another' }),
  'another issuer': () => sign({ ...claims(), iss: 'https://evil.test' }),
  'no issuer': () => sign(without('iss')),
  'no sub': () => sign(without('sub')),
  'a sub that is no UUID': () => sign({ ...claims(), sub: "' or 1=1 --" }),
  'the sub of the system': () => sign({ ...claims(), sub: '00000000-0000-0000-0000-000000000000' }),
  'a tier that is no text': () => sign({ ...claims(), tier: { $ne: '' } }),
  'a critical extension': () => {
    const signed = `${segment({ alg: 'HS256', crit: ['x'], x: 1 })}.${segment(claims())}`;
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  },
  'a megabyte': () => `${segment({ alg: 'HS256' })}.${'A'.repeat(1 << 20)}.AAAA`,
};

describe('a user token', () => {
  // It is a matter of seconds; the time stands still while a token is made and looked at.
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  it('is believed when the command line made it', async () => {
    const token = await signUserToken({
      secret,
      sub,
      tier: 'premium',
      ttlSeconds: 60,
      issuer: 'https://id.test',
      audience: 'assay',
    });
    const believed = await verify(token);
    expect(believed).toMatchObject({ sub: sub.toLowerCase(), tier: 'premium' });
    expect(Math.abs(believed.expiresAt.getTime() - Date.now() - 60_000)).toBeLessThan(2_000);
  });

  it('may be expired by less than the tolerance of clocks', async () => {
    await expect(verify(await sign({ ...claims(), exp: now() - 2 }))).resolves.toMatchObject({
      sub: sub.toLowerCase(),
    });
  });

  it('is refused when it has ended, though it was believed a moment before', async () => {
    const token = await sign({ ...claims(), exp: now() + 60 });
    await verify(token);
    vi.setSystemTime(Date.now() + 63_000);
    await expect(verify(token)).resolves.toMatchObject({ sub: sub.toLowerCase() });
    vi.setSystemTime(Date.now() + 3_000);
    await expect(verify(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('is believed for a minute without another look at its signature', async () => {
    let looks = 0;
    const believe = rememberPayloads(async (token) => {
      looks += 1;
      if (token === 'bad') throw new Error('refused');
      return { sub: token, exp: now() + DAY };
    });
    vi.useFakeTimers({ toFake: ['performance'] });
    for (const token of ['a', 'b', 'a']) expect(await believe(token)).toMatchObject({ sub: token });
    expect(looks).toBe(2);
    for (const token of ['bad', 'bad']) await expect(believe(token)).rejects.toThrow('refused');
    expect(looks).toBe(4);
    vi.advanceTimersByTime(60_000);
    await believe('a');
    expect(looks).toBe(5);
  });

  it('has no say in where a key comes from', async () => {
    const token = await sign(claims(), { alg: 'HS256', kid: '../../../dev/null', jku: 'http://evil.test/keys' });
    await expect(verify(token)).resolves.toMatchObject({ sub: sub.toLowerCase() });
    const empty = await sign(claims(), { alg: 'HS256', kid: '../../../dev/null' }, '\0');
    await expect(verify(empty)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it.each(Object.keys(hostile))('is refused, always with the same message: %s', async (name) => {
    const refusal = await verify(await hostile[name]!()).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'UNAUTHENTICATED', message: ERRORS.UNAUTHENTICATED.message });
  });
});

describe('a user token of an identity provider', () => {
  let url = '';
  let answers = true;
  const keys = new Map<string, Awaited<ReturnType<typeof generateKeyPair>>>();
  const server = createServer(async (_request, response) => {
    if (!answers) return void response.writeHead(500).end();
    const jwks = await Promise.all(
      [...keys].map(async ([alg, { publicKey }]) => ({ ...(await exportJWK(publicKey)), alg, kid: alg })),
    );
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: jwks }));
  });

  beforeAll(async () => {
    for (const alg of ['RS256', 'ES256', 'EdDSA', 'PS256'])
      keys.set(alg, await generateKeyPair(alg, { extractable: true }));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  });
  afterAll(() => void server.close());

  const signWith = (alg: string, kid = alg) =>
    new SignJWT({ sub, exp: now() + 60 }).setProtectedHeader({ alg, kid }).sign(keys.get(alg)!.privateKey);
  const verifier = () => createUserTokenVerifier({ jwksUrl: url, maxAgeSeconds: DAY });

  it.each(['RS256', 'ES256', 'EdDSA'])('is believed when it is signed with %s', async (alg) => {
    await expect(verifier()(await signWith(alg))).resolves.toMatchObject({ sub: sub.toLowerCase() });
  });

  it('is refused with an algorithm that is not on the list, also when its key is', async () => {
    await expect(verifier()(await signWith('PS256'))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('is refused when a public key was used as a secret', async () => {
    const publicKey = await exportSPKI(keys.get('RS256')!.publicKey);
    const confused = await sign({ sub, exp: now() + 60 }, { alg: 'HS256', kid: 'RS256' }, publicKey);
    await expect(verifier()(confused)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('is refused with a key that the provider does not have', async () => {
    await expect(verifier()(await signWith('ES256', '/etc/passwd'))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('is neither believed nor refused while the provider does not answer', async () => {
    answers = false;
    await expect(verifier()(await signWith('ES256'))).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    const nobody = createUserTokenVerifier({ jwksUrl: 'http://127.0.0.1:1/jwks', maxAgeSeconds: DAY });
    await expect(nobody(await signWith('ES256'))).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  });
});
