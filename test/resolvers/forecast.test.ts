import { describe, expect, it } from 'vitest';
import { readJob } from '../lifecycle/rows.ts';
import { service, useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { makeAccount } from '../support/factory.ts';
import { makeFile } from '../support/files.ts';
import { leavesNothing } from './unchanged.ts';

const database = useDatabase();
const api = useApi(database);
const pool = () => database().pool;

const SUBMIT = `mutation ($input: SubmitForecastInput!) {
  submitForecast(input: $input) {
    job { id kind name status tokenCost result { testData } files { name role } }
    replayed tokenBalance userErrors { code message field }
  }
}`;

interface Payload {
  job: { id: string; result: { testData: unknown } } | null;
  replayed: boolean;
  tokenBalance: number | null;
  userErrors: { code: string; message: string; field: string[] | null }[];
}

const submit = async (userId: string, input: Record<string, unknown>): Promise<Payload> =>
  (await api().read<{ submitForecast: Payload }>(user(userId), SUBMIT, { input })).submitForecast;

async function uploaded() {
  const userId = await makeAccount(pool(), { balance: 5 });
  return { userId, uploadId: await makeFile(pool(), { userId }) };
}

const DEFAULTS = {
  horizon: 30,
  siteCodes: null,
  startDate: null,
  zeroThreshold: 0,
  rounding: 'NEAREST',
  dateFormat: 'YYYY-MM-DD',
};

describe('submitForecast', () => {
  it('takes the upload, charges its price and queues the job', async () => {
    const { userId, uploadId } = await uploaded();
    const { job, ...rest } = await submit(userId, { uploadId });
    expect(rest).toEqual({ replayed: false, tokenBalance: 4, userErrors: [] });
    expect(job).toMatchObject({
      ...{ kind: 'FORECAST', name: 'Forecast of 30 days', status: 'QUEUED', tokenCost: 1 },
      result: { testData: DEFAULTS },
      files: [{ name: 'demand.csv', role: 'INPUT' }],
    });
    expect((await readJob(pool(), job!.id)).tasks).toMatchObject([{ payload: { jobId: job!.id, attempt: 1 } }]);
  });

  it('hands on what is asked for, and null is the default', async () => {
    const given = {
      ...{ horizon: 90, siteCodes: ['X', 'Y'], startDate: '31/12/2026', zeroThreshold: 0.5 },
      ...{ rounding: 'UP', dateFormat: 'DD/MM/YYYY' },
    };
    const one = await uploaded();
    expect((await submit(one.userId, { uploadId: one.uploadId, ...given })).job?.result.testData).toEqual(given);
    const nulls = { siteCodes: null, startDate: null, zeroThreshold: null, rounding: null, dateFormat: null };
    const other = await uploaded();
    expect((await submit(other.userId, { uploadId: other.uploadId, ...nulls })).job?.result.testData).toEqual(DEFAULTS);
  });

  it.each([
    [{ horizon: 0 }, ['horizon'], 'horizon must be at least 1'],
    [{ horizon: 91 }, ['horizon'], 'horizon must be at most 90'],
    [{ siteCodes: [] }, ['siteCodes'], 'siteCodes must name a site, or be left out'],
    [{ siteCodes: ['X', ''] }, ['siteCodes', '1'], 'must not be empty'],
    [{ zeroThreshold: -1 }, ['zeroThreshold'], 'zeroThreshold must not be negative'],
    [{ dateFormat: 'YYYY' }, ['dateFormat'], 'must have YYYY, MM and DD once each'],
    [{ startDate: '2026-02-30' }, ['startDate'], 'must be a day in the form YYYY-MM-DD'],
    [{ name: '' }, ['name'], 'must be 1 to 255 characters'],
    [{ idempotencyKey: '' }, ['idempotencyKey'], 'must be 1 to 255 printable characters'],
  ])('refuses %j, and leaves nothing', async (given, field, message) => {
    const { userId, uploadId } = await uploaded();
    await leavesNothing(pool(), async () => {
      const { job, userErrors } = await submit(userId, { uploadId, ...given });
      expect(job).toBeNull();
      const found = { code: 'INVALID_INPUT', field: ['input', ...field], message: expect.stringContaining(message) };
      expect(userErrors).toEqual([found]);
    });
  });

  it('is the same submit under its key, and another one with another horizon', async () => {
    const { userId, uploadId } = await uploaded();
    const first = await submit(userId, { uploadId, idempotencyKey: 'one' });
    const again = await submit(userId, { uploadId, idempotencyKey: 'one', horizon: 30 });
    expect([again.replayed, again.job?.id]).toEqual([true, first.job?.id]);
    const other = await submit(userId, { uploadId, idempotencyKey: 'one', horizon: 31 });
    expect(other.userErrors.map(({ code }) => code)).toEqual(['IDEMPOTENCY_KEY_REUSED']);
  });

  it('is not for services, and not for the upload of another', async () => {
    const { userId, uploadId } = await uploaded();
    const { errors } = await api().ask(service('jobs:manage'), SUBMIT, { input: { uploadId } });
    expect(errors.map(({ code }) => code)).toEqual(['FORBIDDEN']);
    const stranger = await makeAccount(pool(), { balance: 5 });
    expect((await submit(stranger, { uploadId })).userErrors.map(({ code }) => code)).toEqual(['NOT_FOUND']);
    expect((await submit(userId, { uploadId })).userErrors).toEqual([]);
  });
});
