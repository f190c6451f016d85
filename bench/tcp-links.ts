import { readFile } from 'node:fs/promises';

/** A server's end of a TCP connection over IPv4. */
export interface TcpLink {
  /** Bytes that the server's system holds because they were not taken. */
  held: number;
  isEstablished: boolean;
}

const ESTABLISHED = '01';

/**
 * The server's ends of all connections to a port of this machine, by the client's port, as Linux lists them:
 * https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
 */
export async function linksOf(serverPort: number): Promise<Map<number, TcpLink>> {
  const links = new Map<number, TcpLink>();
  for (const line of (await readFile('/proc/net/tcp', 'utf8')).split('\n').slice(1)) {
    const [, local = '', remote = '', state, queues = ''] = line.trim().split(/\s+/);
    if (portOf(local) !== serverPort) continue;
    links.set(portOf(remote), { held: Number.parseInt(queues, 16), isEstablished: state === ESTABLISHED });
  }
  return links;
}

/** Of an address such as `0100007F:0FA0`. */
const portOf = (address: string): number => Number.parseInt(address.split(':')[1] ?? '', 16);
