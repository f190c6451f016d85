/**
 * How the socket of a client is: `idle` while nothing is followed, `connecting` before it was ever open, `connected`, and
 * `reconnecting` after it was lost. Nothing is missed meanwhile: what is followed goes on from its place.
 */
export type LinkState = 'idle' | 'connecting' | 'connected' | 'reconnecting';

/** Keeps the state of a client's socket, and tells it. */
export interface Link {
  state(): LinkState;
  /** @returns what ends the listening */
  listen(listener: (state: LinkState) => void): () => void;
  setOpen(isOpen: boolean): void;
  /** @param count how many subscriptions are wanted now */
  setFollowings(count: number): void;
}

export function createLink(): Link {
  const listeners = new Set<(state: LinkState) => void>();
  let isOpen = false;
  let wasOpen = false;
  let followings = 0;
  let last: LinkState = 'idle';

  function judge(): LinkState {
    if (followings === 0) return 'idle';
    if (isOpen) return 'connected';
    return wasOpen ? 'reconnecting' : 'connecting';
  }

  function tell(): void {
    const state = judge();
    if (state === last) return;
    last = state;
    for (const listener of listeners) listener(state);
  }

  return {
    state: () => last,
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    setOpen(open) {
      isOpen = open;
      wasOpen ||= open;
      tell();
    },
    setFollowings(count) {
      // A socket that nobody needs is closed; the next one is a first one again.
      if (count === 0) wasOpen = isOpen;
      followings = count;
      tell();
    },
  };
}
