import { describe, expect, it } from 'vitest';
import { useApi, user } from '../../../support/api.ts';
import { useDatabase } from '../../../support/database.ts';
import { makeAccount } from '../../../support/factory.ts';
import { keepSilent, say, startLanguageModel, wordWell } from '../../../support/language-model.ts';
import { FREE_WITHIN_MS, LASTING, OWN_KINDS, useWorkers } from '../../../support/workers.ts';
import { respondent } from '../respondents.ts';

const database = useDatabase();
const workers = useWorkers(database);
const api = useApi(database, { languageModel: true });

const start = (env: Record<string, string>) =>
  workers.start({ ...LASTING, ...env }, { kindsModule: OWN_KINDS, threadMemoryMb: 128 });

const SUBMIT = `mutation ($input: SubmitAssessmentInput!) {
  submitAssessment(input: $input) { job { id } tokenBalance userErrors { code message field } }
}`;
const READ = `query ($id: ID!) {
  job(id: $id) { status result { testData assessment { shortSummary engine {
    name version inputHash usage { promptTokens completionTokens }
  } } } }
}`;

/** Submits through the API, as somebody who has three tokens. @returns the job's id */
async function submit(viewer: ReturnType<typeof user>, engine = 'LANGUAGE_MODEL'): Promise<string> {
  const input = { ...respondent(50, { curiosity: 90 }), engine };
  const { submitAssessment } = await api().read<{ submitAssessment: { job: { id: string } } }>(viewer, SUBMIT, {
    input,
  });
  return submitAssessment.job.id;
}

interface Read {
  job: { status: string; result: { testData: Record<string, unknown>; assessment: Record<string, unknown> | null } };
}

const read = async (viewer: ReturnType<typeof user>, id: string) => (await api().read<Read>(viewer, READ, { id })).job;

/** Everything that the database and the log say of the key. */
async function traces(log: { lines: unknown[] }): Promise<string[]> {
  const { rows } = await database().pool.query<{ row: string }>(
    `select r::text as row from analysis_results r union all select j::text from analysis_jobs j
     union all select e::text from job_events e`,
  );
  return [...rows.map(({ row }) => row), JSON.stringify(log.lines)].filter((text) =>
    text.includes('a-key-that-nobody-may-see'),
  );
}

describe('an assessment for the language model', () => {
  it('is worded by it, and says so, with the tokens it took', async () => {
    const server = await startLanguageModel(say('no'), wordWell);
    const { log } = await start(server.env);
    const viewer = user(await makeAccount(database().pool));
    const id = await submit(viewer);
    await workers.reach(id, 'COMPLETED');
    const { result } = await read(viewer, id);
    expect(result.testData.engine).toBe('LANGUAGE_MODEL');
    expect(result.assessment).toEqual({
      shortSummary: expect.stringMatching(/^In other words: /),
      engine: {
        ...{ name: 'assay-llm:test-model:8b', version: '1.0.0', inputHash: expect.stringMatching(/^[0-9a-f]{64}$/) },
        usage: { promptTokens: 2_000, completionTokens: 400 },
      },
    });
    expect(server.asked.map(({ text }) => text).join()).not.toMatch(new RegExp(`${id}|${viewer.id}`));
    expect(await traces(log)).toEqual([]);
  });

  it('is left at once when it is cancelled, and paid back', async () => {
    const server = await startLanguageModel(keepSilent);
    await start(server.env);
    const viewer = user(await makeAccount(database().pool));
    const id = await submit(viewer);
    await expect.poll(() => server.asked.length, { timeout: 40_000 }).toBe(1);
    const { balance } = await workers.state(id);
    expect(await workers.cancel(id)).toMatchObject({ outcome: 'CANCELLED' });
    await server.asked[0]?.closed;
    expect(await workers.free(id)).toBeLessThan(FREE_WITHIN_MS);
    expect(await workers.state(id)).toMatchObject({ status: 'CANCELLED', balance: balance + 1, testResult: null });
    expect(server.asked).toHaveLength(1);
  });

  it('fails and is paid back where the model gives nothing that fits, and never has the rules’ report', async () => {
    const server = await startLanguageModel(say('no'));
    const { log } = await start(server.env);
    const viewer = user(await makeAccount(database().pool));
    const id = await submit(viewer);
    const { failureCode, failureMessage, testResult } = await workers.reach(id, 'FAILED');
    expect([failureCode, failureMessage]).toEqual([
      'UPSTREAM_ERROR',
      'The language model gave no report that fits, not even when it was told what is wrong',
    ]);
    expect(testResult).toBeNull();
    expect(server.asked).toHaveLength(2);
    expect(await traces(log)).toEqual([]);
  });

  it('fails where the worker has none, and others are done beside it as ever', async () => {
    await start({});
    const viewer = user(await makeAccount(database().pool));
    const [worded, ruled] = [await submit(viewer), await submit(viewer, 'RULES')];
    expect(await workers.reach(worded, 'FAILED')).toMatchObject({ failureCode: 'HANDLER_ERROR' });
    await workers.reach(ruled, 'COMPLETED');
    const { result } = await read(viewer, ruled);
    expect(result.testData).not.toHaveProperty('engine');
    expect(result.assessment).toMatchObject({ engine: { name: 'assay-rules', usage: null } });
  });
});
