import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { Places, Tally } from '../../src/gate/places.ts';
import { service, user } from '../support/api.ts';

const config = (env: Record<string, string> = {}) =>
  loadConfig({
    DATABASE_URL: 'postgres://nowhere',
    JWT_SECRET: 'x'.repeat(32),
    ASSAY_LIMIT_SOCKETS_PER_USER: '2',
    ASSAY_LIMIT_SOCKETS_PER_ADDRESS: '1',
    ...env,
  });
const from = (remoteAddress: string) => ({ headers: {}, socket: { remoteAddress } }) as unknown as IncomingMessage;

it('what a key holds is given back when it closes', () => {
  const tally = new Tally();
  const connections = [new EventEmitter(), new EventEmitter()];
  for (const connection of connections) tally.holdUntilClosed('a', connection);
  expect([tally.count('a'), tally.count('b')]).toEqual([2, 0]);
  for (const connection of connections) connection.emit('close');
  expect(tally.count('a')).toBe(0);
});

describe('the places', () => {
  it('of a user are few, those of a service ten times as many', () => {
    const places = new Places(config());
    for (const [viewer, most] of [[user(), 2] as const, [service('jobs:read'), 20] as const]) {
      const taken = Array.from({ length: 30 }, () => places.takeForViewer(viewer, new EventEmitter()));
      expect(taken.filter(Boolean)).toHaveLength(most);
    }
  });

  it('of an address are few, but for this machine in development', () => {
    for (const [env, address, isFree] of [
      ['development', '203.0.113.7', false],
      ['development', '127.0.0.1', true],
      ['production', '127.0.0.1', false],
    ] as const) {
      const places = new Places(config({ ASSAY_ENV: env }));
      const connection = new EventEmitter();
      places.holdAddress(from(address), connection);
      expect(places.isAddressFree(from(address)), `${address} in ${env}`).toBe(isFree);
      connection.emit('close');
      expect(places.isAddressFree(from(address))).toBe(true);
    }
  });
});
