import type { EntityManager } from '@mikro-orm/postgresql';
import { Command, InvalidArgumentError, Option } from 'commander';
import { loadConfig, parseDuration } from '../config.ts';
import { SCOPES } from '../gate/scopes.ts';
import type { ServiceToken } from '../gate/service-tokens.ts';
import { CommandError } from './command-error.ts';
import { directUrl, openDatabase, refuseUnmigrated } from './database.ts';
import { withUserSecret } from './user-secret.ts';
import { readUuid } from './uuid.ts';

/** One that is longer is a typing error, or no rotation. */
const LONGEST_OVERLAP_SECONDS = 90 * 86_400;

export function tokenCommand(): Command {
  return new Command('token')
    .description('make bearer tokens for users and services; list, rotate and revoke those of services')
    .addCommand(userCommand())
    .addCommand(serviceCommand())
    .addCommand(new Command('list').description('list all service tokens, without their secrets').action(list))
    .addCommand(rotateCommand())
    .addCommand(
      new Command('revoke')
        .description('end every token of a service at once, those that were rotated too')
        .argument('<name>', 'name of the service')
        .action(revoke),
    )
    .addHelpText(
      'after',
      `
Examples:
  TOKEN=$(assay token user --sub 0198c0de-0000-7000-8000-000000000001)
  assay token service --name billing --scopes jobs:read,tokens:grant
  assay token rotate billing --overlap 1h
  assay token revoke billing`,
    );
}

function userCommand(): Command {
  return new Command('user')
    .description('print a token for a user')
    .requiredOption('--sub <uuid>', 'id of the user', readUuid)
    .option('--tier <name>', 'one of ASSAY_TIERS; without it the default priority')
    .option('--ttl <duration>', 'how long it is valid: 30m, 1h, 24h', readTtl, 3_600)
    .addHelpText(
      'after',
      `
The token is signed with JWT_SECRET, else with the secret that \`assay start\` made in the data folder. It is the only
thing on standard output.

Example:
  assay token user --sub 0198c0de-0000-7000-8000-000000000001 --tier premium --ttl 24h`,
    )
    .action(printUserToken);
}

function serviceCommand(): Command {
  const scopes = Object.entries(SCOPES).map(([scope, meaning]) => `  ${scope.padEnd(14)}${meaning}`);
  return new Command('service')
    .description('make a service token in the database and print it; it cannot be shown again')
    .requiredOption('--name <name>', 'name of the service; several of its tokens may be valid at a time')
    .requiredOption('--scopes <list>', 'scopes separated by commas', readScopes)
    .addHelpText(
      'after',
      `\nScopes:\n${scopes.join('\n')}\n\nExample:\n  assay token service --name billing --scopes jobs:read,tokens:grant`,
    )
    .action(printServiceToken);
}

function rotateCommand(): Command {
  return new Command('rotate')
    .description('print a new token of a service; its others end by themselves after a while')
    .argument('<name>', 'name of the service')
    .addOption(
      new Option('--overlap <duration>', 'how long the others stay valid: 1h, 24h, 7d; 0s ends them now')
        .argParser(readOverlap)
        .default(86_400, '24h'),
    )
    .addHelpText(
      'after',
      `
The new token has the scopes of the newest valid one of that name. It is the only thing on standard output, and cannot be
shown again. The others end by the clock of the database; what they hold open then is closed within seconds.

Example:
  assay token rotate billing --overlap 1h > billing-token`,
    )
    .action(rotate);
}

function readTtl(text: string): number {
  const seconds = Math.floor((parseDuration(text) ?? 0) / 1_000);
  if (seconds >= 1) return seconds;
  throw new InvalidArgumentError('It must be a duration such as 90s, 30m or 24h.');
}

function readOverlap(text: string): number {
  const seconds = (parseDuration(text) ?? Number.POSITIVE_INFINITY) / 1_000;
  if (seconds <= LONGEST_OVERLAP_SECONDS) return seconds;
  throw new InvalidArgumentError('It must be a duration up to 90d, such as 30m or 24h.');
}

function readScopes(text: string): string[] {
  const scopes = text.split(',').map((scope) => scope.trim());
  const unknown = scopes.find((scope) => !Object.hasOwn(SCOPES, scope));
  if (unknown === undefined) return scopes;
  throw new InvalidArgumentError(`There is no scope "${unknown}"; there are ${Object.keys(SCOPES).join(', ')}.`);
}

async function printUserToken({ sub, tier, ttl }: { sub: string; tier?: string; ttl: number }): Promise<void> {
  const { jwt, tiers } = await withUserSecret(loadConfig());
  if (jwt.secret === undefined || jwt.jwksUrl !== undefined) {
    throw new CommandError('With JWT_JWKS_URL, tokens for users come from the identity provider.');
  }
  if (tier !== undefined && tiers[tier] === undefined) {
    throw new CommandError(`There is no tier "${tier}"; ASSAY_TIERS has ${Object.keys(tiers).join(', ')}.`);
  }
  if (ttl > jwt.maxAgeSeconds) {
    throw new CommandError(
      `The API takes tokens for at most ${jwt.maxAgeSeconds} s (ASSAY_TOKEN_MAX_AGE), not ${ttl} s.`,
    );
  }
  const { signUserToken } = await import('../gate/user-tokens.ts');
  const { secret, issuer, audience } = jwt;
  console.log(await signUserToken({ secret, sub, tier, ttlSeconds: ttl, issuer, audience }));
}

async function printServiceToken(options: { name: string; scopes: string[] }): Promise<void> {
  const { createServiceToken } = await import('../gate/service-tokens.ts');
  const token = await onDatabase((em) => createServiceToken(em, options)).catch((error: unknown) => {
    throw error instanceof RangeError ? new CommandError(error.message, { cause: error }) : error;
  });
  console.log(token);
}

async function list(): Promise<void> {
  const { listServiceTokens } = await import('../gate/service-tokens.ts');
  const tokens = await onDatabase(listServiceTokens);
  if (tokens.length === 0) console.error('There are no service tokens.');
  for (const token of tokens) {
    const { id, name, scopes, createdAt } = token;
    console.log([name.padEnd(20), id, createdAt.toISOString(), stateOf(token), scopes.join(',')].join('  '));
  }
}

function stateOf({ revokedAt, valid }: ServiceToken): string {
  if (revokedAt === null) return 'valid';
  return `${valid ? 'until' : 'revoked'} ${revokedAt.toISOString()}`;
}

async function rotate(name: string, { overlap }: { overlap: number }): Promise<void> {
  const { rotateServiceToken } = await import('../gate/service-tokens.ts');
  const token = await onDatabase((em) => rotateServiceToken(em, { name, overlapSeconds: overlap }));
  if (token === null) throw new CommandError(`No valid token has the name "${name}".`);
  console.log(token);
}

async function revoke(name: string): Promise<void> {
  const { revokeServiceTokens } = await import('../gate/service-tokens.ts');
  const revoked = await onDatabase((em) => revokeServiceTokens(em, name));
  if (revoked === 0) throw new CommandError(`No valid token has the name "${name}".`);
  console.log(`${revoked} ${revoked === 1 ? 'token' : 'tokens'} of ${name} revoked.`);
}

async function onDatabase<T>(act: (em: EntityManager) => Promise<T>): Promise<T> {
  const { createOrm } = await import('../orm.ts');
  const database = await openDatabase(loadConfig(), console.error);
  try {
    await refuseUnmigrated(directUrl(database.config));
    const orm = await createOrm({ url: database.config.databaseUrl, name: 'assay-token', poolSize: 1 });
    try {
      return await act(orm.em.fork());
    } finally {
      await orm.close();
    }
  } finally {
    await database.stop();
  }
}
