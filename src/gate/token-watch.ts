import type { Log } from '../log.ts';
import type { Authenticate, Authentication } from './authentication.ts';
import { toApiError } from './error-format.ts';

const MAX_TIMER_MS = 2 ** 31 - 1;
/** How often a service's token is looked up again: it carries no end, but can be revoked or rotated away. */
const RECHECK_MS = 4_000;

export type TokenEnd = 'Token expired' | 'Token revoked';

/**
 * Watches the token behind a connection that lasts, and says when it has ended: in the moment in which it expires, or
 * within 4 seconds after it was revoked or the overlap of its rotation was over.
 * @returns what ends the watch
 */
export function watchToken(
  parts: { authenticate: Authenticate; log: Log },
  token: { authorization: string | undefined; expiresAt: Authentication['expiresAt'] },
  onEnd: (reason: TokenEnd) => void,
): () => void {
  if (token.expiresAt) return waitForExpiry(token.expiresAt, () => onEnd('Token expired'));
  return recheck(parts, token.authorization, () => onEnd('Token revoked'));
}

/** The timer is set anew where the time is longer than one can be. */
function waitForExpiry(expiresAt: Date, onExpired: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const check = () => {
    const left = expiresAt.getTime() - Date.now();
    if (left <= 0) onExpired();
    else timer = setTimeout(check, Math.min(left, MAX_TIMER_MS));
  };
  check();
  return () => clearTimeout(timer);
}

function recheck(
  { authenticate, log }: { authenticate: Authenticate; log: Log },
  authorization: string | undefined,
  onRevoked: () => void,
): () => void {
  const check = async () => {
    try {
      await authenticate(authorization);
    } catch (error) {
      if (isBadToken(error)) onRevoked();
      else log.warn({ err: error }, 'A token could not be checked again.');
    }
  };
  const timer = setInterval(() => void check(), RECHECK_MS);
  return () => clearInterval(timer);
}

/** Whether a token was refused, and not merely could not be checked. */
export const isBadToken = (error: unknown): boolean => toApiError(error).code === 'UNAUTHENTICATED';
