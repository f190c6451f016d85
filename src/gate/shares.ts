import type { Links } from '../files/links.ts';
import type { Lifecycle, SharedView } from '../lifecycle/lifecycle.ts';

/** What is shared by a link, for those who come without a token as well. */
export interface Shares {
  /** The link to what is shared under an id. */
  urlOf(shareId: string): string;
  /** What a link opens, by what stands in it behind `/share/`; null for whatever opens nothing. */
  find(token: string): Promise<SharedView | null>;
}

/** Binds the links to what they open. A guess ends at its signature: it reaches no database, and its time tells nothing. */
export function createShares(links: Pick<Links, 'makeShared' | 'shareIdOf'>, lifecycle: Lifecycle): Shares {
  return {
    urlOf: links.makeShared,
    async find(token) {
      const shareId = links.shareIdOf(token);
      return shareId === undefined ? null : await lifecycle.findShared(shareId);
    },
  };
}
