import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, expect, inject, it } from 'vitest';
import { checkDatabase } from '../../src/commands/database.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();

/** The URL of the test's database with parts of it changed. */
function changed(parts: Partial<URL>): string {
  return Object.assign(new URL(database().url), parts).href;
}

/** A way to the real server on which its version reads as another one of the same length. */
async function withOtherVersion(read: RegExp, written: string, act: (port: number) => Promise<void>): Promise<void> {
  const { hostname, port } = new URL(inject('serverUrl'));
  const proxy = createServer((client) => {
    const server = connect(Number(port), hostname);
    client.pipe(server);
    server.on('data', (chunk) => client.write(Buffer.from(chunk.toString('latin1').replace(read, written), 'latin1')));
    for (const socket of [client, server]) socket.on('error', () => undefined).on('close', () => client.destroy());
    client.on('close', () => server.destroy());
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  try {
    await act((proxy.address() as AddressInfo).port);
  } finally {
    proxy.close();
  }
}

describe('a database', () => {
  it('that answers is accepted', async () => {
    await expect(checkDatabase(database().url)).resolves.toBeUndefined();
  });

  it('on which nobody listens is named with host and port', async () => {
    const { hostname } = new URL(database().url);
    await expect(checkDatabase(changed({ port: '1' }))).rejects.toThrow(
      new RegExp(`^The database ${hostname}:1/\\S+ refuses the connection\\. Is PostgreSQL running there\\?$`),
    );
  });

  it('on a host that does not exist is named', async () => {
    await expect(checkDatabase('postgres://assay:hunter2@nowhere.invalid/assay')).rejects.toThrow(
      'The database nowhere.invalid:5432/assay cannot be found: its host name is unknown.',
    );
  });

  it('that does not exist on its server is named', async () => {
    await expect(checkDatabase(changed({ pathname: '/no_such_database' }))).rejects.toThrow(
      '/no_such_database does not exist: create it first, or correct the name.',
    );
  });

  it('that refuses the password is named, and the password is not shown', async () => {
    const error = await checkDatabase(changed({ password: 'hunter2' })).catch((caught: unknown) => caught);
    // A server that trusts its own machine lets everyone in.
    if (error !== undefined) expect(String(error)).toMatch(/refuses the password of the user "\w+"\.$/);
    expect(String(error)).not.toContain('hunter2');
  });

  it('older than PostgreSQL 15 is refused with its version', async () => {
    const { rows } = await database().pool.query<{ number: string }>(
      `select current_setting('server_version_num') as number`,
    );
    const real = rows[0]?.number ?? '';
    await withOtherVersion(new RegExp(real), '140012', async (port) => {
      await expect(checkDatabase(changed({ port: String(port) }))).rejects.toThrow(
        /^The database 127\.0\.0\.1:\d+\/\S+ runs PostgreSQL .+; Assay needs 15 or newer\.$/,
      );
    });
  });

  it('that runs the oldest version that is good enough is accepted', async () => {
    const { rows } = await database().pool.query<{ number: string }>(
      `select current_setting('server_version_num') as number`,
    );
    await withOtherVersion(new RegExp(rows[0]?.number ?? ''), '150000', async (port) => {
      await expect(checkDatabase(changed({ port: String(port) }))).resolves.toBeUndefined();
    });
  });
});
