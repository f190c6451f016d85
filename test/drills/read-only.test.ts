import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { signUserToken } from '../../src/gate/user-tokens.ts';
import { createLog } from '../../src/log.ts';
import { startApi } from '../../src/server.ts';
import { useDatabase } from '../support/database.ts';
import { sampleInput } from '../support/respondents.ts';
import { HEALED, letGo, scratchFile, untilHandled, useWorkers } from '../support/workers.ts';

const database = useDatabase({ settlesLater: HEALED });
const workers = useWorkers(database);
const secret = randomUUID();

const SUBMIT = `mutation ($input: SubmitAssessmentInput!) {
  submitAssessment(input: $input) { job { id } userErrors { code } }
}`;

interface Body {
  data?: { submitAssessment?: { job: { id: string } }; jobs?: { nodes: unknown[] } };
  errors?: { extensions: { code: string } }[];
}

/** Also for the sessions of an instance that has taken over from one that failed. */
async function setReadOnly(isReadOnly: boolean): Promise<void> {
  const { pool, url } = database();
  const name = pg.escapeIdentifier(new URL(url).pathname.slice(1));
  const client = await pool.connect();
  try {
    await client.query('set default_transaction_read_only = off');
    const change = isReadOnly ? 'set default_transaction_read_only = on' : 'reset default_transaction_read_only';
    await client.query(`alter database ${name} ${change}`);
    await client.query(
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
  } finally {
    client.release();
  }
}

it('a database that may only be read costs no job anything: reads go on, submits are refused, and work waits', async () => {
  const env = { PORT: '0', JWT_SECRET: secret, DATABASE_URL: database().url };
  const api = await startApi({ config: loadConfig(env), log: createLog({ level: 'silent' }) });
  try {
    const token = await signUserToken({ secret, sub: randomUUID(), ttlSeconds: 600 });
    const ask = async (query: string, variables: object = {}) => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
      const body = JSON.stringify({ query, variables });
      const response = await fetch(`${api.url}/graphql`, { method: 'POST', headers, body });
      const { data, errors } = (await response.json()) as Body;
      return {
        ...{ status: response.status, retryAfter: response.headers.get('retry-after'), data },
        codes: errors?.map(({ extensions }) => extensions.code) ?? [],
      };
    };
    const submit = () => ask(SUBMIT, { input: sampleInput() });
    expect(await submit()).toMatchObject({ status: 200, codes: [] });
    const { log } = await workers.start();
    const file = scratchFile();
    const jobId = await workers.submit({ does: 'HELD', file }, 1);
    await untilHandled(file);

    await setReadOnly(true);
    letGo(file);
    await expect.poll(submit).toMatchObject({ status: 503, codes: ['SERVICE_UNAVAILABLE'], retryAfter: '1' });
    await expect
      .poll(() => ask('{ jobs(first: 5) { nodes { id } } }'))
      .toMatchObject({
        ...{ status: 200, codes: [], data: { jobs: { nodes: [{}] } } },
      });
    expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
    // The work is done, and nobody can write that down.
    await expect.poll(log.messages).toContain('the end of an attempt could not be written yet');
    expect(await workers.state(jobId)).toMatchObject({ status: 'PROCESSING', attempt: 1 });

    await setReadOnly(false);
    expect(await workers.reach(jobId, 'COMPLETED')).toMatchObject({ attempt: 1, balance: 8 });
    expect(await workers.events(jobId)).toEqual(['QUEUED', 'STARTED', 'COMPLETED']);
    await expect.poll(submit).toMatchObject({ status: 200, codes: [] });
  } finally {
    await api.stop();
  }
});
