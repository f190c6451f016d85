import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyDatabase, useDatabase } from '../support/database.ts';
import { runAssay, startAssay } from './assay.ts';

const database = useDatabase();
const JWT_SECRET = 'a secret of more than thirty-two bytes';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(path.join(tmpdir(), 'assay-api-'));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

describe('assay api', () => {
  it('answers until it is told to stop, and writes its log as JSON lines', async () => {
    const env = { PORT: '0', DATABASE_URL: database().url, JWT_SECRET };
    await using api = startAssay(['api'], { cwd, env });
    const [, url] = await api.waitForOutput(/"url":"(http:[^"]+)"/);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    api.kill('SIGTERM');
    expect(await api.waitForEnd()).toEqual({ code: 0, signal: null });
    const lines = api
      .output()
      .trim()
      .split('\n')
      .filter((line) => line !== 'Stopping …');
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ level: 'info' });
  });

  it('says in its log what it waits for where the migrations are missing', async () => {
    const empty = await emptyDatabase();
    try {
      const env = { PORT: '0', DATABASE_URL: empty.url, JWT_SECRET };
      await using api = startAssay(['api'], { cwd, env });
      await api.waitForOutput(/"level":"warn".*The database is not migrated: .*`assay migrate up`/);
      const [, url] = await api.waitForOutput(/"url":"(http:[^"]+)"/);
      expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ ready: false, migrations: false });
      api.kill('SIGTERM');
      expect(await api.waitForEnd()).toEqual({ code: 0, signal: null });
    } finally {
      await empty.drop();
    }
  });

  it('needs a way to check tokens', async () => {
    const { code, stderr } = await runAssay(['api'], { cwd, env: { PORT: '0', DATABASE_URL: database().url } });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^JWT_SECRET is not set, and .+ holds no secret\..+\n$/);
  });

  it('names a taken port', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const PORT = typeof address === 'object' && address ? String(address.port) : '';
    const env = { PORT, DATABASE_URL: database().url, JWT_SECRET };
    try {
      const { code, stderr } = await runAssay(['api'], { cwd, env });
      expect(code).toBe(1);
      expect(stderr).toMatch(new RegExp(`^Port ${PORT} on 127.0.0.1 is taken by another program\\..+\\n$`));
    } finally {
      other.close();
    }
  });
});
