import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** What a link lets its holder do with one file: put its bytes there, or get them. */
export type LinkMethod = 'PUT' | 'GET';

export interface Link {
  readonly url: string;
  readonly expiresAt: Date;
}

/** What stands in the query of a link. */
export interface LinkQuery {
  readonly expires?: unknown;
  readonly signature?: unknown;
}

export interface Links {
  /** A URL under `/files/` that opens this file for this method, to whoever has it, for a while. */
  make(method: LinkMethod, fileId: string): Link;
  /** Whether a link is one of ours, for this method and this file, and still holds. */
  isValid(method: LinkMethod, fileId: string, query: LinkQuery): boolean;
  /** A URL under `/share/` that opens what is shared under this id, to whoever has it, for as long as it is. */
  makeShared(shareId: string): string;
  /** The id under which something is shared, from what stands behind `/share/`; undefined where that is none of ours. */
  shareIdOf(token: string): string | undefined;
}

/** With a signature of 32 bytes these make 64 letters without a remainder: one link has one spelling. */
const ID_BYTES = 16;

/** A download link is made anew with each query, so it need not last; an upload may wait for a person to choose a file. */
const LASTS_SECONDS: Record<LinkMethod, number> = { GET: 5 * 60, PUT: 60 * 60 };

export interface LinksOptions {
  /** The key of the signatures. */
  secret: string;
  /** Where clients reach the API, without a slash at the end; asked for each link. */
  baseUrl: () => string;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/**
 * Signs URLs with HMAC-SHA256, over method, file and end, or over what is shared: who holds one needs no token, so it can be
 * handed to a browser, to curl, or to another machine, and opens nothing else.
 */
export function createLinks({ secret, baseUrl, now = Date.now }: LinksOptions): Links {
  const sign = (method: LinkMethod, fileId: string, expires: string) =>
    createHmac('sha256', secret).update(`file\n${method}\n${fileId}\n${expires}`).digest('base64url');
  const tokenOf = (id: Buffer) =>
    Buffer.concat([id, createHmac('sha256', secret).update('share\n').update(id).digest()]).toString('base64url');

  return {
    make(method, fileId) {
      const expires = Math.floor(now() / 1_000) + LASTS_SECONDS[method];
      const query = new URLSearchParams({ expires: String(expires), signature: sign(method, fileId, String(expires)) });
      return { url: `${baseUrl()}/files/${fileId}?${query}`, expiresAt: new Date(expires * 1_000) };
    },
    isValid(method, fileId, { expires, signature }) {
      if (typeof expires !== 'string' || typeof signature !== 'string') return false;
      // Compared before the time is looked at, so that neither answer tells anything about the other.
      const isOurs = areSame(signature, sign(method, fileId, expires));
      return isOurs && /^\d{1,12}$/.test(expires) && Number(expires) * 1_000 > now();
    },
    makeShared: (shareId) => `${baseUrl()}/share/${tokenOf(Buffer.from(shareId.replaceAll('-', ''), 'hex'))}`,
    shareIdOf(token) {
      const id = Buffer.from(token, 'base64url').subarray(0, ID_BYTES);
      if (!areSame(token, tokenOf(id))) return undefined;
      return id.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    },
  };
}

function areSame(given: string, ours: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(ours)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * The key that URLs are signed with: the configured one, or one derived from the secret of the user tokens, so that every
 * process of an installation has the same and neither gives the other away. Undefined where there is neither.
 */
export function signingSecretOf(config: { signingSecret?: string; jwt: { secret?: string } }): string | undefined {
  if (config.signingSecret !== undefined || config.jwt.secret === undefined) return config.signingSecret;
  return Buffer.from(hkdfSync('sha256', config.jwt.secret, '', 'assay signed urls', 32)).toString('base64url');
}
