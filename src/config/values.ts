import { isIP } from 'node:net';
import { z } from 'zod';

/** The longest delay that a timer can wait. */
const MAX_MS = 2 ** 31 - 1;
const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A duration written as a whole number and a unit (`90s`, `15m`, `24h`, `1d`) in milliseconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,9}) ?(ms|s|m|h|d)$/.exec(text.trim()) ?? [];
  return unit === undefined ? undefined : Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

/** A value that `read` finds in the text; where it finds undefined, the variable "must be `allowed`". */
const value = <T>(allowed: string, read: (text: string) => T | undefined) =>
  z.string().transform((text, context): T => {
    const found = read(text.trim());
    if (found !== undefined) return found;
    context.addIssue({ code: 'custom', message: `must be ${allowed}` });
    return z.NEVER;
  });

export const integer = (min: number, max = MAX_MS) =>
  value(min === max ? `${min}` : `a whole number from ${min} to ${max}`, (text) => {
    const number = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    return number >= min && number <= max ? number : undefined;
  });

export const duration = (min: string, max: string) =>
  value(`a duration from ${min} to ${max}, such as 90s, 15m or 24h`, (text) => {
    const found = parseDuration(text);
    if (found === undefined) return undefined;
    return found >= Number(parseDuration(min)) && found <= Number(parseDuration(max)) ? found : undefined;
  });

export const choice = <const T extends string>(...choices: T[]) =>
  value(choices.join(' or '), (text) => choices.find((one) => one === text));

/** A name or address that a server can listen on and a URL can hold. */
export const host = () =>
  value('a host name or an IP address, such as 127.0.0.1', (text) => {
    const sound = isIP(text) > 0 || /^[a-z\d]([a-z\d.-]{0,251}[a-z\d])?$/i.test(text);
    return sound && URL.canParse(`http://${hostInUrl(text)}`) ? text : undefined;
  });

/** An IPv6 address stands in brackets there. */
export const hostInUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host);

export const text = () => z.string().trim();

/** Something that can stand in a header or a name: no blanks, nothing invisible. */
export const word = (longest: number) =>
  value(`1 to ${longest} letters, digits and signs, without blanks`, (text) =>
    /^[\x21-\x7e]+$/.test(text) && text.length <= longest ? text : undefined,
  );

/** Kept to the byte, blanks at its ends included: whoever signs elsewhere does not cut them off either. */
export const secret = () =>
  z.string().refine((text) => Buffer.byteLength(text) >= 32, {
    error: 'must be at least 32 bytes long, for example the output of: openssl rand -base64 48',
  });

function urlOf(text: string): URL | undefined {
  try {
    // The parser lets a stray % in a password pass, which nobody can decode later.
    decodeURIComponent(text);
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** A URL of one of the schemes, as it was written. */
export const url = (example: string, ...schemes: string[]) =>
  value(`a URL such as ${example}`, (text) => {
    const scheme = urlOf(text)?.protocol.slice(0, -1);
    return scheme !== undefined && schemes.includes(scheme) ? text : undefined;
  });

/** Where files are kept: a folder, which is never the root of a disk, or a bucket. */
export const storageUrl = () =>
  value(
    'a URL such as file:///srv/assay or s3://key:secret@bucket/prefix?endpoint=https://s3.example.com&region=eu-central-1',
    (text) => {
      const found = urlOf(text);
      if (found?.protocol === 'file:') return found.host === '' && /^\/+[^/]/.test(found.pathname) ? text : undefined;
      const isBucket =
        found?.protocol === 's3:' && found.host !== '' && Boolean(found.username) === Boolean(found.password);
      if (!isBucket || [...found.searchParams.keys()].some((key) => !['endpoint', 'region'].includes(key)))
        return undefined;
      const endpoint = found.searchParams.get('endpoint');
      return endpoint === null || /^https?:$/.test(urlOf(endpoint)?.protocol ?? '') ? text : undefined;
    },
  );

/** An http(s) URL without a slash at its end, so that a path can be put after it. */
export const baseUrl = (example: string) =>
  value(`an http or https URL without query or credentials, such as ${example}`, (text) => {
    const found = urlOf(text);
    if (!found || !/^https?:$/.test(found.protocol)) return undefined;
    return found.search || found.hash || found.username || found.password ? undefined : found.href.replace(/\/+$/, '');
  });

/** Origins as browsers send them: scheme, host and port, nothing after. */
export const origins = () =>
  value('origins separated by commas, such as https://app.example.com,http://localhost:5173', (text) => {
    const found = text.split(',').map((part) => part.trim().replace(/\/$/, ''));
    return found.every((part) => /^https?:/.test(part) && urlOf(part)?.origin === part) ? found : undefined;
  });

/** Tier names with their priority numbers: the smaller number goes first in the queue. */
export const tiers = () =>
  value('name:number pairs separated by commas, numbers from -1000 to 1000, such as standard:0,premium:-10', (text) => {
    const pairs = text.split(',').map((part) => /^([a-z][a-z0-9_-]{0,31}):(-?\d{1,4})$/.exec(part.trim()));
    const found = new Map(pairs.map((pair) => [pair?.[1] ?? '', Number(pair?.[2] ?? Number.NaN)]));
    const sound = found.size === pairs.length && [...found.values()].every((number) => Math.abs(number) <= 1_000);
    // Without a prototype, because a token may name any tier: none called "constructor" is to be found.
    const table: Record<string, number> = Object.assign(Object.create(null), Object.fromEntries(found));
    return sound ? Object.freeze(table) : undefined;
  });
