import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { forRequest, originNow, placeInLog, traced, tracedStep, tracePast } from '../src/trace.ts';
import { openSession, subscribe } from './gate/raw-socket.ts';
import { useDatabase } from './support/database.ts';
import { createInstallation, type Installation } from './support/installation.ts';
import type { RunningProcess } from './support/process.ts';

const database = useDatabase();
const SUBMIT = `mutation ($input: SubmitProbeInput!) { submitProbe(input: $input) { job { id } } }`;
const FOLLOW = `subscription ($jobId: ID!) { jobEvents(jobId: $jobId, after: 0) { type } }`;

const PATIENT = { timeout: 30_000 };

interface SentSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  service: string;
  attributes: Record<string, unknown>;
}

interface Received {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] };
    scopeSpans: {
      spans: (Omit<SentSpan, 'attributes' | 'service'> & { attributes: { key: string; value: object }[] })[];
    }[];
  }[];
}

/** An OpenTelemetry collector, as far as it listens. */
async function openCollector() {
  const spans: SentSpan[] = [];
  const server = createServer(async (request, response) => {
    const { resourceSpans } = JSON.parse((await buffer(request)).toString()) as Received;
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
      for (const { attributes, ...span } of scopeSpans.flatMap((scope) => scope.spans)) {
        const plain = Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
        spans.push({ ...span, service, attributes: plain });
      }
    }
    response.setHeader('content-type', 'application/json').end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => new Promise((resolve) => server.close(resolve));
  return { spans, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

let collector: Awaited<ReturnType<typeof openCollector>>;
let installation: Installation;
let api: Awaited<ReturnType<Installation['startApi']>>;
let worker: RunningProcess;
let token: string;
beforeAll(async () => {
  collector = await openCollector();
  installation = await createInstallation(database().url, {
    ASSAY_WORKER_CONCURRENCY: '2',
    ASSAY_PROBES: 'on',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_SERVICE_NAME: 'assay-of-a-test',
  });
  [api, worker, token] = await Promise.all([
    installation.startApi(),
    installation.startWorker(),
    installation.userToken(),
  ]);
}, 60_000);
afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
  await collector?.close();
});

/** Submits a probe and waits until its last event has come. Its follower is there before it is begun, so that all of it is news. */
async function run(input: object, headers: Record<string, string> = {}): Promise<string> {
  worker.kill('SIGSTOP');
  const { id, socket } = await submitAndFollow(input, headers).finally(() => worker.kill('SIGCONT'));
  for (let message = await socket.next(); message.type !== 'complete'; message = await socket.next()) {
    expect(message.type).toBe('next');
  }
  socket.socket.terminate();
  return id;
}

async function submitAndFollow(input: object, headers: Record<string, string>) {
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify({ query: SUBMIT, variables: { input } }),
  });
  const { data } = (await response.json()) as { data: { submitProbe: { job: { id: string } } } };
  const { id } = data.submitProbe.job;
  const socket = await openSession(api.url, token);
  socket.send(subscribe('1', FOLLOW, { jobId: id }));
  expect(await socket.next()).toMatchObject({ payload: { data: { jobEvents: { type: 'QUEUED' } } } });
  return { id, socket };
}

const linesOf = (process: RunningProcess) =>
  process
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('a submit that says where it comes from', () => {
  const requestId = `request-${randomUUID()}`;
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  let jobId: string;
  beforeAll(async () => {
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
    jobId = await run({ behaviour: 'FLAKY', times: 1 }, { 'x-request-id': requestId, traceparent });
  }, 60_000);

  it('is found in the log of the worker by the id of its request, each attempt and its thread', async () => {
    await vi.waitFor(() => {
      const told = linesOf(worker).filter((line) => line.requestId === requestId);
      expect(told.map(({ msg, attempt }) => `${attempt} ${msg}`)).toEqual([
        '1 attempt started',
        '1 handler failed',
        '1 attempt released',
        '2 attempt started',
        '2 attempt completed',
      ]);
      for (const line of told) expect(line).toMatchObject({ jobId, traceId });
    }, PATIENT);
  });

  it('is one trace: the request, its move, the attempts with their threads and moves, and the events that were told', async () => {
    const spansNow = () => {
      const spans = collector.spans.filter((span) => span.traceId === traceId);
      const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
      return {
        spans,
        told: spans.map(({ name, parentSpanId }) => `${names.get(parentSpanId ?? '') ?? 'client'} > ${name}`),
      };
    };
    await vi.waitFor(
      () =>
        expect(spansNow().told.sort()).toEqual([
          'attempt PROBE > move complete',
          'attempt PROBE > move release',
          'attempt PROBE > thread',
          'attempt PROBE > thread',
          'client > mutation submitProbe',
          'mutation submitProbe > attempt PROBE',
          'mutation submitProbe > attempt PROBE',
          'mutation submitProbe > event COMPLETED',
          'mutation submitProbe > event RELEASED',
          'mutation submitProbe > event STARTED',
          'mutation submitProbe > event STARTED',
          'mutation submitProbe > move submit',
        ]),
      PATIENT,
    );
    const { spans } = spansNow();
    expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(['assay-of-a-test']));
    const attempts = spans.filter(({ name }) => name === 'attempt PROBE');
    expect(attempts.map(({ attributes }) => attributes['assay.outcome']).sort()).toEqual(['complete', 'release']);
    for (const { attributes } of attempts) expect(attributes['assay.job_id']).toBe(jobId);
    expect(JSON.stringify(spans)).not.toContain(token);
  });
});

it('a retry goes by the request that asked for it', async () => {
  const jobId = await run({ behaviour: 'FAIL' }, { 'x-request-id': 'first-round' });
  const { status } = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, 'x-request-id': 'second-round' },
    body: JSON.stringify({ query: `mutation { retryJob(input: { id: "${jobId}" }) { job { id } } }` }),
  });
  expect(status).toBe(200);
  await vi.waitFor(() => {
    const told = linesOf(worker).filter((line) => line.jobId === jobId && line.msg === 'attempt started');
    expect(told.map(({ round, requestId }) => `${round} ${requestId}`)).toEqual(['1 first-round', '2 second-round']);
  }, PATIENT);
  // The next test takes the table away, without which its end could not be written.
  const read = 'select status, round from analysis_jobs where id = $1';
  await vi.waitFor(async () => {
    expect((await database().pool.query(read, [jobId])).rows).toEqual([{ status: 'FAILED', round: 2 }]);
  }, PATIENT);
});

it('a request that was refused is found in the log of the API by its id', async () => {
  const requestId = `request-${randomUUID()}`;
  await database().pool.query('alter table analysis_jobs rename to analysis_jobs_gone');
  try {
    const response = await fetch(`${api.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, 'x-request-id': requestId },
      body: JSON.stringify({ query: '{ jobs { nodes { id } } }' }),
    });
    const { errors } = (await response.json()) as { errors: { extensions: { code: string; errorId: string } }[] };
    expect(errors[0]?.extensions.code).toBe('INTERNAL_SERVER_ERROR');
    await vi.waitFor(() => {
      const told = linesOf(api.process).filter((line) => line.requestId === requestId);
      expect(told).toMatchObject([{ errorId: errors[0]?.extensions.errorId, level: 'error' }]);
    }, PATIENT);
    await vi.waitFor(() => {
      const failed = collector.spans.find(
        ({ attributes }) => attributes['assay.error_id'] === errors[0]?.extensions.errorId,
      );
      expect(failed?.name).toBe('query jobs');
    }, PATIENT);
  } finally {
    await database().pool.query('alter table analysis_jobs_gone rename to analysis_jobs');
  }
});

describe('without a collector', () => {
  it('what is traced is done, and nothing more', async () => {
    expect(await traced('something', {}, async () => 7)).toBe(7);
    expect(await tracedStep('a step', async () => 8)).toBe(8);
    await expect(traced('something', {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(() => tracePast('something', { parent: 'nonsense' }, new Date(), new Date())).not.toThrow();
    expect([originNow(), placeInLog()]).toEqual([{}, {}]);
  });

  it('a request is known behind every await of it, and to no other', async () => {
    const seen = ['one', 'two'].map((id) =>
      forRequest(id, async () => [await Promise.resolve(), originNow().requestId]),
    );
    expect((await Promise.all(seen)).map(([, id]) => id)).toEqual(['one', 'two']);
    expect(forRequest(undefined, () => originNow())).toEqual({});
  });
});
