import type { Config } from '../config.ts';
import { CommandError } from './command-error.ts';
import { readSecret } from './data-folder.ts';

/**
 * The configuration with the secret that user tokens are signed with: JWT_SECRET, else, in development, the one that
 * `start` made in the data folder. With JWT_JWKS_URL there need not be one.
 * @throws CommandError when there is no way to check a user's token
 */
export async function withUserSecret(config: Config): Promise<Config> {
  if (config.jwt.secret !== undefined || config.jwt.jwksUrl !== undefined) return config;
  const secret = await readSecret(config.dataDir, 'jwt-secret');
  if (secret !== undefined) return { ...config, jwt: { ...config.jwt, secret } };
  throw new CommandError(
    `JWT_SECRET is not set, and ${config.dataDir} holds no secret. ` +
      'Set JWT_SECRET to the secret of your server, or run `npm start` once, which makes one.',
  );
}
