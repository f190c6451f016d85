import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import express, { type Request, type RequestHandler, type Response, Router } from 'express';
import { ERRORS } from './errors.ts';

/** What the build puts where the number of an answer goes. */
const NONCE = '__NONCE__';
/** The codings that the build writes beside each file, the smaller one first. */
const CODINGS = [
  { name: 'br', ending: '.br' },
  { name: 'gzip', ending: '.gz' },
] as const;
const NOT_BUILT = `The dashboard is not built: \`npm run build\` makes it. The API is at /graphql.\n`;

/** Paths that programs ask: there a page would only hide that nothing is there. */
const OF_PROGRAMS = /^\/(graphql|graphiql|files|share|assets|healthz|readyz|metrics)(\/|$)/;

/**
 * Serves the dashboard: its page at `/` and wherever a person goes within it, and its assets. The page is made for each
 * answer, because its styles carry a number that the policy names; the assets have their content in their names and stay.
 *
 * @param folder what the build made; where it is missing `/` says so
 * @param publicUrl where links to files lead
 */
export function createDashboard(folder: URL, publicUrl: string): RequestHandler {
  const root = fileURLToPath(folder);
  const page = readPage(root);
  const { origin } = new URL(publicUrl);
  const router = Router();
  router.get('/', (request, response) => {
    if (page !== undefined) return sendPage(page, origin, request, response);
    response.status(ERRORS.SERVICE_UNAVAILABLE.status).type('text').send(NOT_BUILT);
  });
  if (page === undefined) return router;
  router.use('/assets', serveAssets(path.join(root, 'assets')));
  router.get('/{*path}', (request, response, next) => {
    if (OF_PROGRAMS.test(request.path) || !isNavigation(request)) return next();
    sendPage(page, origin, request, response);
  });
  return router;
}

function readPage(root: string): string | undefined {
  try {
    return readFileSync(path.join(root, 'index.html'), 'utf8');
  } catch {
    return undefined;
  }
}

/** Whether a browser asks for a page to show, by name and not by the way. */
const isNavigation = (request: Request): boolean => /\btext\/html\b/.test(request.get('accept') ?? '');

function sendPage(page: string, origin: string, request: Request, response: Response): void {
  const nonce = randomBytes(16).toString('base64');
  response
    .set('content-security-policy', policy(nonce, origin, request))
    // Not kept at all: a kept page would carry another number than the policy of the answer that confirms it.
    .set('cache-control', 'no-store')
    .set('vary', 'accept')
    .type('html')
    .send(page.replaceAll(NONCE, nonce));
}

/** The page runs its own scripts and styles, and talks to this installation only. */
function policy(nonce: string, origin: string, request: Request): string {
  const host = request.get('host') ?? '';
  // Not every browser takes 'self' to mean the WebSocket as well.
  const socket = /^[\w.[\]:-]+$/.test(host) ? ` ${request.protocol === 'https' ? 'wss' : 'ws'}://${host}` : '';
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self' ${origin}${socket}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function serveAssets(folder: string): RequestHandler {
  const files = new Set(readdirSync(folder));
  const serve = express.static(folder, { index: false, immutable: true, maxAge: '1y', redirect: false });
  return (request, response, next) => {
    const name = request.path.slice(1);
    const coding = files.has(name) ? codingFor(name, files, request) : undefined;
    response.vary('accept-encoding');
    if (coding) {
      response.type(path.extname(name)).set('content-encoding', coding.name);
      request.url = `/${name}${coding.ending}`;
    }
    serve(request, response, next);
  };
}

function codingFor(name: string, files: Set<string>, request: Request): (typeof CODINGS)[number] | undefined {
  const written = CODINGS.filter(({ ending }) => files.has(name + ending));
  const accepted = request.acceptsEncodings(written.map((coding) => coding.name));
  return written.find((coding) => coding.name === accepted);
}
