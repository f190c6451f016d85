import { createServer } from 'node:net';
import type { Config } from '../config.ts';
import { CommandError, codeOf } from './command-error.ts';

type Address = Pick<Config, 'host' | 'port'>;

/**
 * Listens on the configured address for a moment, so that a taken port is known before anything else is started.
 * @returns the port, which is another one than configured only where 0 asked for any
 * @throws CommandError when nobody can listen there
 */
export async function probePort(address: Address): Promise<number> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once('error', reject).listen({ host: address.host, port: address.port, exclusive: true }, resolve);
    });
    const bound = probe.address();
    await new Promise((resolve) => probe.close(resolve));
    return bound !== null && typeof bound === 'object' ? bound.port : address.port;
  } catch (error) {
    throw explainListenError(address, error);
  }
}

/** Words an error of `listen` for people; any other error is returned as it is. */
export function explainListenError({ host, port }: Address, error: unknown): unknown {
  const sentences: Record<string, string> = {
    EADDRINUSE: `Port ${port} on ${host} is taken by another program. Stop it, or choose another port: PORT=${port + 1} npm start`,
    EACCES: `Port ${port} may not be used by this user. Choose one above 1023, for example: PORT=4000 npm start`,
    EADDRNOTAVAIL: `HOST=${host} is not an address of this machine. Use 127.0.0.1, or 0.0.0.0 for all addresses.`,
    ENOTFOUND: `HOST=${host} cannot be found. Use 127.0.0.1, or 0.0.0.0 for all addresses.`,
    EAI_AGAIN: `HOST=${host} cannot be found. Use 127.0.0.1, or 0.0.0.0 for all addresses.`,
  };
  const sentence = sentences[codeOf(error) ?? ''];
  return sentence === undefined ? error : new CommandError(sentence, { cause: error });
}
