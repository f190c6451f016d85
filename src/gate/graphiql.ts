import type { RequestHandler } from 'express';

const DEFAULT_QUERY = `# Open the Headers tab below and enter: { "Authorization": "Bearer <token>" }
# It goes with each request, and with the WebSocket of a subscription.

query Viewer {
  viewer {
    id
    tokenBalance
  }
}
`;

/**
 * The page runs as one inline script with workers made from it, and reaches nothing but this server. That is why it is
 * served in development only: an inline script is what the policy of all other pages forbids.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'unsafe-inline' blob:",
  'worker-src blob:',
  "style-src 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "connect-src 'self' ws: wss:",
].join('; ');

/**
 * Serves GraphiQL, which needs no other server. Its bundle has 9 MB, so it is loaded when it is first asked for, and
 * rendered once.
 */
export function graphiqlPage(): RequestHandler {
  let page: Promise<string> | undefined;
  return async (_request, response) => {
    page ??= renderPage();
    response
      .set('content-security-policy', CONTENT_SECURITY_POLICY)
      .type('html')
      .send(await page);
  };
}

async function renderPage(): Promise<string> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const page = renderGraphiQL({
    title: 'Assay',
    endpoint: '/graphql',
    subscriptionsProtocol: 'WS',
    defaultQuery: DEFAULT_QUERY,
  });
  return passHeadersToSocket(page);
}

/**
 * The bundle hands what stands in the Headers tab to HTTP requests only; a browser's WebSocket has no headers. Its socket
 * client takes parameters for `connection_init` in the same place, so they are put there too.
 */
function passHeadersToSocket(page: string): string {
  const forHttp = /extensions:\{headers:(\w+)\?\.headers\}/;
  if (!forHttp.test(page))
    throw new Error('This version of @graphql-yoga/render-graphiql hands headers on differently.');
  return page.replace(forHttp, 'extensions:{headers:$1?.headers,connectionParams:$1?.headers}');
}
