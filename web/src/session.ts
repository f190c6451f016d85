/** Who is signed in, as far as the token itself tells. */
export interface Session {
  token: string;
  /** When the token ends; undefined for a service's, which lasts until it is revoked. */
  endsAt?: Date;
}

/** The tokens that `npm start` hands over, so that one click is enough. */
export interface Demo {
  user?: string;
  service?: string;
}

const TOKEN = 'assay.token';
const DEMO = 'assay.demo';

/**
 * Takes over what the address brings behind its `#`, which is never sent to a server, and clears it from there:
 * `#token=…` signs in, `#demo-user=…&demo-service=…` offers both at the sign-in.
 */
export function takeFragment(): void {
  const given = new URLSearchParams(location.hash.slice(1));
  const [token, user, service] = ['token', 'demo-user', 'demo-service'].map((name) => given.get(name) ?? undefined);
  if (!token && !user && !service) return;
  history.replaceState(history.state, '', location.pathname + location.search);
  if (token) keepSession(token, false);
  if (user || service) sessionStorage.setItem(DEMO, JSON.stringify({ user, service }));
}

export function readSession(): Session | undefined {
  const token = sessionStorage.getItem(TOKEN) ?? localStorage.getItem(TOKEN);
  if (!token) return undefined;
  const session = sessionOf(token);
  if (!session.endsAt || session.endsAt.getTime() > Date.now()) return session;
  forgetSession();
  return undefined;
}

/** @param remember whether it outlives the tab */
export function keepSession(token: string, remember: boolean): Session {
  forgetSession();
  (remember ? localStorage : sessionStorage).setItem(TOKEN, token);
  return sessionOf(token);
}

export function forgetSession(): void {
  sessionStorage.removeItem(TOKEN);
  localStorage.removeItem(TOKEN);
}

export function readDemo(): Demo {
  try {
    return JSON.parse(sessionStorage.getItem(DEMO) ?? '{}') as Demo;
  } catch {
    return {};
  }
}

/** Reads the end from a token without checking it: that is the server's to do. */
function sessionOf(token: string): Session {
  try {
    const [, payload = ''] = token.split('.');
    const { exp } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as { exp?: unknown };
    return typeof exp === 'number' ? { token, endsAt: new Date(exp * 1_000) } : { token };
  } catch {
    return { token };
  }
}
