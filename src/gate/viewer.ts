import type { ServiceScope } from './scopes.ts';

/** Who asks. Anonymous callers have no viewer: they may introspect (in development), read what is shared, and nothing else. */
export type Viewer = UserViewer | ServiceViewer;

export interface UserViewer {
  readonly kind: 'user';
  /** The `sub` of the user's token, a UUID in lower case. */
  readonly id: string;
  /** A name of `ASSAY_TIERS`. */
  readonly tier: string;
}

export interface ServiceViewer {
  readonly kind: 'service';
  /** Several tokens may carry one name, so that a token can be replaced without an outage. */
  readonly name: string;
  /** The id of the token that it showed. */
  readonly tokenId: string;
  readonly scopes: readonly ServiceScope[];
}

/** The id by which a viewer is known on the outside: a user's UUID, or `service:<name>`. */
export const viewerId = (viewer: Viewer): string => (viewer.kind === 'user' ? viewer.id : `service:${viewer.name}`);
