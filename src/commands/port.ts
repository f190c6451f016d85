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

/** What the address is called in the environment, and a command that asks for it. */
const OF_THE_API = { host: 'HOST', port: 'PORT', example: 4_000, command: 'npm start' };

/** Words an error of `listen` for people; any other error is returned as it is. */
export function explainListenError({ host, port }: Address, error: unknown, names = OF_THE_API): unknown {
  const { command } = names;
  const sentences: Record<string, string> = {
    EADDRINUSE: `Port ${port} on ${host} is taken by another program. Stop it, or choose another port: ${names.port}=${port + 1} ${command}`,
    EACCES: `Port ${port} may not be used by this user. Choose one above 1023, for example: ${names.port}=${names.example} ${command}`,
    EADDRNOTAVAIL: `${names.host}=${host} is not an address of this machine. Use 127.0.0.1, or 0.0.0.0 for all addresses.`,
    ENOTFOUND: `${names.host}=${host} cannot be found. Use 127.0.0.1, or 0.0.0.0 for all addresses.`,
    EAI_AGAIN: `${names.host}=${host} cannot be found. Use 127.0.0.1, or 0.0.0.0 for all addresses.`,
  };
  const sentence = sentences[codeOf(error) ?? ''];
  return sentence === undefined ? error : new CommandError(sentence, { cause: error });
}
