import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { probePort } from '../../src/commands/port.ts';

describe('probePort', () => {
  it('names a taken port and says how to choose another', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      await expect(probePort({ host: '127.0.0.1', port })).rejects.toThrow(
        `Port ${port} on 127.0.0.1 is taken by another program. Stop it, or choose another port: PORT=${port + 1} npm start`,
      );
    } finally {
      other.close();
    }
  });

  it('finds a free port where any will do, and leaves it free', async () => {
    const port = await probePort({ host: '127.0.0.1', port: 0 });
    expect(port).toBeGreaterThan(0);
    expect(await probePort({ host: '127.0.0.1', port })).toBe(port);
  });

  it('names a host that is not of this machine', async () => {
    // An address of a range that is kept for documentation.
    await expect(probePort({ host: '192.0.2.1', port: 0 })).rejects.toThrow(
      'HOST=192.0.2.1 is not an address of this machine',
    );
  });
});
