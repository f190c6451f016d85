import type { Links } from '../files/links.ts';
import type { Lifecycle, SharedView } from '../lifecycle/lifecycle.ts';
import { apiError } from './errors.ts';
import type { Asker, Rates } from './rates.ts';

/** What is shared by a link, for those who come without a token as well. */
export interface Shares {
  /** The link to what is shared under an id. */
  urlOf(shareId: string): string;
  /**
   * What a link opens, by what stands in it behind `/share/`; null for whatever opens nothing.
   * @throws RATE_LIMITED for who has looked too often
   */
  find(token: string, asker: Asker): Promise<SharedView | null>;
}

/**
 * Binds the links to what they open. A guess ends at its signature: it is not counted, it reaches no database, and its time
 * tells nothing.
 */
export function createShares(
  links: Pick<Links, 'makeShared' | 'shareIdOf'>,
  lifecycle: Pick<Lifecycle, 'findShared'>,
  rates: Pick<Rates, 'count'>,
): Shares {
  return {
    urlOf: links.makeShared,
    async find(token, asker) {
      const shareId = links.shareIdOf(token);
      if (shareId === undefined) return null;
      const retryAfterMs = await rates.count('sharedReads', asker);
      if (retryAfterMs !== null) throw apiError('RATE_LIMITED', { retryAfterMs });
      return await lifecycle.findShared(shareId);
    },
  };
}
