import { sourceError } from './failures.ts';

const REDIRECTS = [301, 302, 303, 307, 308];
const MOST_REDIRECTS = 3;

/**
 * Asks one URL. A redirect is followed within the origin that was configured and nowhere else, so that a source can
 * neither send our token to a stranger nor have us ask into a network that only we can reach.
 * @throws KindError for a redirect that is refused; what `fetch` throws
 */
export async function request(start: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
  let url = start;
  for (let redirects = 0; ; redirects += 1) {
    const response = await fetch(url, { headers, signal, redirect: 'manual' });
    if (!REDIRECTS.includes(response.status)) return response;
    await response.body?.cancel();
    if (redirects === MOST_REDIRECTS) throw sourceError('The source leads from one address to the next without an end');
    url = within(start, response.headers.get('location') ?? '', url);
  }
}

function within(start: URL, location: string, from: URL): URL {
  const target = URL.parse(location, from);
  if (!target || target.origin !== start.origin || target.username !== '' || target.password !== '') {
    throw sourceError('The source leads to another address than the configured one, which is refused');
  }
  return target;
}
