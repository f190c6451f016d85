import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { clientAddress } from '../../src/gate/addresses.ts';

function addressOf(remoteAddress: string, forwarded?: string, trustProxy = 0) {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return clientAddress({ headers, socket: { remoteAddress } } as unknown as IncomingMessage, trustProxy);
}

describe('the address of a client', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7', false],
    ['127.0.0.1', '127.0.0.1', true],
    ['127.8.9.1', '127.8.9.1', true],
    ['::1', '0:0:0:0', true],
    ['::ffff:127.0.0.1', '127.0.0.1', true],
    ['::ffff:203.0.113.7', '203.0.113.7', false],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2', false],
    ['2001:db8::6', '2001:db8:0:0', false],
    ['', '', false],
  ])('%j is %j (loopback: %s)', (remote, key, isLoopback) => {
    expect(addressOf(remote)).toEqual({ key, isLoopback });
  });

  it('is not what the client itself says', () => {
    expect(addressOf('203.0.113.7', '127.0.0.1').key).toBe('203.0.113.7');
    expect(addressOf('10.0.0.1', '127.0.0.1, 203.0.113.7', 1).key).toBe('203.0.113.7');
    expect(addressOf('10.0.0.1', 'CANARY, 203.0.113.7', 2).key).toBe('203.0.113.7');
  });

  it('is what the outermost of the trusted proxies saw', () => {
    expect(addressOf('10.0.0.1', '198.51.100.1, 203.0.113.7, 10.0.0.2', 2).key).toBe('203.0.113.7');
    expect(addressOf('10.0.0.1', undefined, 1).key).toBe('10.0.0.1');
  });
});
