import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

const V6_GROUPS_OF_A_NETWORK = 4;

/** Where a request comes from: its address, and whether that is this machine. */
export interface ClientAddress {
  /** An IPv4 address, or the /64 network of an IPv6 one: whoever has one address of it has them all. */
  readonly key: string;
  readonly isLoopback: boolean;
}

/**
 * The address that a request comes from. With `trustProxy` proxies in front, the one that the outermost of them saw;
 * what a client writes into `X-Forwarded-For` itself stands further left and is not believed.
 */
export function clientAddress(request: IncomingMessage, trustProxy: number): ClientAddress {
  const forwarded = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  const hops = [
    ...forwarded.map((hop) => hop.trim()).filter((hop) => isIP(hop) > 0),
    request.socket.remoteAddress ?? '',
  ];
  const address = (hops[Math.max(0, hops.length - 1 - trustProxy)] ?? '').replace(/^::ffff:(?=\d+\.)/, '');
  return { key: networkOf(address), isLoopback: isIP(address) > 0 && loopback.check(address, familyOf(address)) };
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail ? tail.split(':') : [];
  const gap = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array<string>(Math.max(0, gap)).fill('0'), ...right];
  return groups.slice(0, V6_GROUPS_OF_A_NETWORK).join(':');
}
