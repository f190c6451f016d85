import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import {
  AssayError,
  CancelJobDocument,
  DeleteJobDocument,
  type JobEvent,
  ListJobsDocument,
  ReadJobDocument,
  ReadResultDocument,
  RetryJobDocument,
  SubmitAssessmentDocument,
  type SubmitAssessmentInput,
  ViewerDocument,
  WatchJobDocument,
} from '../../src/client/index.ts';
import { complete, useMover } from '../feed/feeds.ts';
import { TAKES_NO_TASK, work } from '../lifecycle/lifecycles.ts';
import { useDatabase } from '../support/database.ts';
import { createInstallation, type Installation } from '../support/installation.ts';
import { sampleInput } from '../support/respondents.ts';
import { freePort } from '../support/upstream-process.ts';
import { clientOf, startRestartableApi, userToken } from './servers.ts';

const database = useDatabase({ bent: TAKES_NO_TASK });
const mover = useMover(database);

async function submit(userId: string, count = 1): Promise<string[]> {
  const { outcomes } = await mover().submit(
    userId,
    Array.from({ length: count }, () => work({ price: 0 })),
  );
  return outcomes.map((outcome) => (outcome.outcome === 'SUBMITTED' ? outcome.job.id : ''));
}

const shown = (events: readonly JobEvent[]) => events.map(({ type, seq }) => `${type} ${seq}`);

describe('a request', () => {
  it('submits, reads, lists, cancels, retries and deletes', async () => {
    const { url } = await startRestartableApi(database().url);
    const client = clientOf(url, await userToken());
    const { viewer } = await client.request(ViewerDocument, {});
    expect(viewer).toMatchObject({ kind: 'USER', tokenBalance: 3 });
    const input = sampleInput() as SubmitAssessmentInput;
    const { submitAssessment } = await client.request(SubmitAssessmentDocument, { input });
    expect(submitAssessment).toMatchObject({ job: { status: 'QUEUED' }, tokenBalance: 2, userErrors: [] });
    const { id, resultId } = submitAssessment.job!;
    expect((await client.request(ReadJobDocument, { id })).job).toMatchObject({ id, seq: 1 });
    expect((await client.request(ListJobsDocument, { first: 5 })).jobs.nodes).toMatchObject([{ id }]);
    expect((await client.request(ReadResultDocument, { id: resultId! })).result).toMatchObject({ testResult: null });
    const { cancelJob } = await client.request(CancelJobDocument, { id });
    expect(cancelJob).toMatchObject({ job: { status: 'CANCELLED' }, tokenBalance: 3 });
    expect((await client.request(RetryJobDocument, { id })).retryJob.job).toMatchObject({ round: 2 });
    await client.request(CancelJobDocument, { id });
    const { deleteJob } = await client.request(DeleteJobDocument, { id });
    expect(deleteJob).toMatchObject({ deletedJobId: id, userErrors: [] });
  });

  it('takes a text, and a token of now', async () => {
    const { url } = await startRestartableApi(database().url);
    const token = vi.fn(() => userToken());
    const client = clientOf(url, token);
    const ids = [await client.request('{ viewer { id } }', {}), await client.request('{ viewer { id } }', {})];
    expect(new Set(ids.map((data) => JSON.stringify(data))).size).toBe(2);
    expect(token).toHaveBeenCalledTimes(2);
  });

  it('that is refused throws the code and the errors as they were sent', async () => {
    const { url } = await startRestartableApi(database().url);
    const refused = clientOf(url, 'x.y.z').request(ViewerDocument, {});
    await expect(refused).rejects.toBeInstanceOf(AssayError);
    await expect(refused).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      errors: [{ extensions: { code: 'UNAUTHENTICATED', retryable: false } }],
    });
    await expect(clientOf(`${url}/`, await userToken()).request('{ nothing }', {})).rejects.toMatchObject({
      code: 'GRAPHQL_VALIDATION_FAILED',
    });
  });

  it('that reaches nobody, or somebody else, says so', async () => {
    const port = await freePort();
    await expect(clientOf(`http://127.0.0.1:${port}`, 'x').request(ViewerDocument, {})).rejects.toThrow(TypeError);
    const { createServer } = await import('node:http');
    const proxy = createServer((_request, response) => response.writeHead(502).end('<html>Bad Gateway</html>'));
    await new Promise<void>((resolve) => proxy.listen(port, '127.0.0.1', resolve));
    await expect(clientOf(`http://127.0.0.1:${port}`, 'x').request(ViewerDocument, {})).rejects.toMatchObject({
      code: 'BAD_RESPONSE',
    });
    proxy.close();
  });
});

describe('a job that is watched', () => {
  it('is told from where the reader stands to its end', async () => {
    const { url } = await startRestartableApi(database().url);
    const userId = randomUUID();
    const [id = ''] = await submit(userId);
    const client = clientOf(url, await userToken(userId));
    const [present, history] = [client.watchJob(id), client.watchJob(id, { after: 0 })];
    expect([(await present.next()).value?.type, (await history.next()).value?.type]).toEqual(['SNAPSHOT', 'QUEUED']);
    await complete(mover(), id);
    for (const events of [present, history]) {
      expect(shown(await Array.fromAsync(events))).toEqual(['STARTED 2', 'COMPLETED 3']);
    }
    expect(shown(await Array.fromAsync(client.watchJob(id)))).toEqual(['SNAPSHOT 3']);
    expect(shown(await Array.fromAsync(client.watchJob(id, { after: 3 })))).toEqual([]);
    expect(shown(await Array.fromAsync(client.watchJob(id, { after: 99 })))).toEqual(['RESYNC 3']);
  });

  it('goes on after its API has stopped and come back', async () => {
    const api = await startRestartableApi(database().url);
    const userId = randomUUID();
    const [id = ''] = await submit(userId);
    const events = clientOf(api.url, await userToken(userId)).watchJob(id, { after: 0 });
    await events.next();
    await api.stop();
    await complete(mover(), id);
    await api.start();
    expect(shown(await Array.fromAsync(events))).toEqual(['STARTED 2', 'COMPLETED 3']);
  });

  it('outlives its tokens, where a function gives new ones', async () => {
    const { url } = await startRestartableApi(database().url);
    const userId = randomUUID();
    const [id = ''] = await submit(userId);
    // The third one lasts: three that ran out before they were looked at, on a busy machine, would be an end.
    const token = vi.fn(() => userToken(userId, token.mock.calls.length > 2 ? 60 : 1));
    const events = clientOf(url, token).watchJob(id, { after: 0 });
    await events.next();
    const rest = Array.fromAsync(events);
    await vi.waitFor(() => expect(token.mock.calls.length).toBeGreaterThan(2), { timeout: 30_000 });
    await complete(mover(), id);
    expect(shown(await rest)).toEqual(['STARTED 2', 'COMPLETED 3']);
  });

  it('ends with an error when the one token has expired', async () => {
    const { url } = await startRestartableApi(database().url);
    const userId = randomUUID();
    const [id = ''] = await submit(userId);
    const events = clientOf(url, await userToken(userId, 2)).watchJob(id, { after: 0 });
    // What is told before depends on how long the way in takes; the job itself has no end.
    await expect(Array.fromAsync(events)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('that is not there, is another’s, or is asked for wrongly, is an error', async () => {
    const { url } = await startRestartableApi(database().url);
    const [foreign = ''] = await submit(randomUUID());
    const client = clientOf(url, await userToken());
    for (const id of [randomUUID(), 'x', foreign]) {
      await expect(client.watchJob(id).next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    await expect(client.watchJob(foreign, { after: -1 }).next()).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    const own = await submit(randomUUID());
    expect(WatchJobDocument.toString()).toContain('jobEvents');
    await expect(clientOf(url, 'x.y.z').watchJob(own[0]!).next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('an API process that is killed', () => {
  async function withInstallation(act: (installation: Installation, port: number) => Promise<void>): Promise<void> {
    const port = await freePort();
    await using installation = await createInstallation(database().url, {
      PORT: String(port),
      ASSAY_PROBES: 'on',
      ASSAY_STARTING_TOKENS: '1000',
    });
    await act(installation, port);
  }

  it('and started again, over and over, costs no reader an event, and brings none twice', { timeout: 180_000 }, () =>
    withInstallation(async (installation) => {
      const JOBS = 30;
      let api = await installation.startApi();
      const userId = randomUUID();
      const client = clientOf(api.url, await installation.userToken(userId));
      const ids = await submit(userId, JOBS);
      const seen = new Map(ids.map((id) => [id, [] as string[]]));
      const watching = ids.map(async (id) => {
        for await (const { type, seq } of client.watchJob(id, { after: 0 })) {
          if (type !== 'PROGRESSED') seen.get(id)!.push(`${type} ${seq}`);
        }
      });
      await vi.waitFor(() => expect([...seen.values()].every(({ length }) => length === 1)).toBe(true), 30_000);
      for (const round of [0, 1, 2]) {
        const part = ids.slice(round * 10, round * 10 + 10);
        const moving = Promise.all(part.map((id) => complete(mover(), id)));
        api.process.kill('SIGKILL');
        await api.process.waitForEnd();
        await moving;
        api = await installation.startApi();
      }
      await Promise.all(watching);
      for (const events of seen.values()) expect(events).toEqual(['QUEUED 1', 'STARTED 2', 'COMPLETED 3']);
    }),
  );
});
