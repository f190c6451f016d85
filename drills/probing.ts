import { randomUUID } from 'node:crypto';

/** One submit, with all that its answer says. */
export interface ProbedSubmit {
  url: string;
  /** When it was sent and how long its answer took, by performance.now(). */
  at: number;
  ms: number;
  /** 0 where there was no answer. */
  status: number;
  /** `ok`, the error's code, or why there was no answer. */
  code: string;
  retryAfter: string | null;
  jobId?: string;
}

/** What one of the paths for supervisors answered. */
export interface ProbedPath {
  url: string;
  path: '/healthz' | '/readyz';
  at: number;
  ms: number;
  status: number;
  body: string;
}

export interface Probing {
  readonly submits: readonly ProbedSubmit[];
  readonly paths: readonly ProbedPath[];
  /** Resolves when each has its answer. */
  stop(): Promise<void>;
}

const EVERY_MS = 250;
const LIMIT_MS = 20_000;
const SUBMIT = `mutation ($input: SubmitProbeInput!) {
  payload: submitProbe(input: $input) { job { id } userErrors { code } }
}`;

interface Body {
  data?: { payload: { job: { id: string } | null; userErrors: { code: string }[] } } | null;
  errors?: { extensions: { code: string } }[];
}

/** Asks each API four times a second how it is, and for a job, without waiting for the answers before. */
export function startProbing(urls: readonly string[], token: string): Probing {
  const submits: ProbedSubmit[] = [];
  const paths: ProbedPath[] = [];
  const underWay = new Set<Promise<void>>();
  const track = (probe: Promise<void>) => {
    underWay.add(probe);
    void probe.finally(() => underWay.delete(probe));
  };
  const timer = setInterval(() => {
    for (const url of urls) {
      track(probeSubmit(url, token).then((submit) => void submits.push(submit)));
      track(probePath(url, '/healthz').then((seen) => void paths.push(seen)));
      track(probePath(url, '/readyz').then((seen) => void paths.push(seen)));
    }
  }, EVERY_MS);
  return {
    ...{ submits, paths },
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
    },
  };
}

async function probeSubmit(url: string, token: string): Promise<ProbedSubmit> {
  const at = performance.now();
  const input = { behaviour: 'ECHO', idempotencyKey: randomUUID() };
  try {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: SUBMIT, variables: { input } }),
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    const { data, errors } = (await response.json()) as Body;
    const jobId = data?.payload.job?.id;
    const code = errors?.[0]?.extensions.code ?? data?.payload.userErrors[0]?.code ?? 'ok';
    const { status, headers } = response;
    const answer = { url, at, ms: performance.now() - at, status, code, retryAfter: headers.get('retry-after') };
    return jobId === undefined ? answer : { ...answer, jobId };
  } catch (error) {
    return { url, at, ms: performance.now() - at, status: 0, code: String(error), retryAfter: null };
  }
}

async function probePath(url: string, path: ProbedPath['path']): Promise<ProbedPath> {
  const at = performance.now();
  try {
    const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(LIMIT_MS) });
    const body = await response.text();
    return { url, path, at, ms: performance.now() - at, status: response.status, body };
  } catch (error) {
    return { url, path, at, ms: performance.now() - at, status: 0, body: String(error) };
  }
}
