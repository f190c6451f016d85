import type { Config } from '../config.ts';

const LOCALHOST = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** Whether web pages of an origin may call the API. A caller that names no origin is no web page and may. */
export type IsAllowedOrigin = (origin: string | undefined) => boolean;

/** The configured origins and the public URL's own; in development any page of this machine too. */
export function createOriginCheck(config: Pick<Config, 'env' | 'origins' | 'publicUrl'>): IsAllowedOrigin {
  const allowed = new Set([...config.origins, new URL(config.publicUrl).origin]);
  return (origin) =>
    origin === undefined || allowed.has(origin) || (config.env === 'development' && LOCALHOST.test(origin));
}
