import { Command, InvalidArgumentError } from 'commander';
import { loadConfig } from '../config.ts';
import { SYSTEM_USER } from '../entities/sync-source.ts';
import type { ErasedUser } from '../lifecycle/erase.ts';
import { createLog } from '../log.ts';
import { directUrl, type OpenConfig, openDatabase, refuseUnmigrated } from './database.ts';
import { readUuid } from './uuid.ts';

/** The ledger of a busy user is rewritten in one statement. */
const STATEMENT_MS = 15 * 60_000;

/** Longer than an API process needs to read what it heard nothing of. */
const GRACE_MS = 6_000;

export function userCommand(): Command {
  return new Command('user').description('erase what is kept of a user').addCommand(eraseCommand());
}

function eraseCommand(): Command {
  return new Command('erase')
    .description('remove all that is kept of a user, and make his ledger anonymous; there is no way back')
    .requiredOption('--sub <uuid>', 'id of the user', readUser)
    .addHelpText(
      'after',
      `
His jobs go in whatever status they are, with their results, files, shared links and idempotency keys, and so do uploads that
no job took. Jobs that wait or run are stopped and paid back first. The entries of his ledger and the last words of his jobs
in the log stay, under a random id. Broken off, it can be run again.

Take his tokens away first: with one that is still valid he comes back, as a new user with a new account.

Example:
  assay user erase --sub 0198c0de-0000-7000-8000-000000000001`,
    )
    .action(({ sub }: { sub: string }) => runErase(sub));
}

function readUser(text: string): string {
  const sub = readUuid(text);
  if (sub !== SYSTEM_USER) return sub;
  throw new InvalidArgumentError('It is the account of the system, which is no user.');
}

async function runErase(sub: string): Promise<void> {
  const { config, stop } = await openDatabase(loadConfig(), console.error);
  try {
    await refuseUnmigrated(directUrl(config));
    const { jobs, uploads, entries, events } = await eraseFrom(config, sub);
    console.log(
      jobs + uploads + entries + events === 0
        ? 'Nothing is kept of this user.'
        : `Erased: ${jobs} jobs, ${uploads} uploads. Made anonymous: ${entries} ledger entries, ${events} events.`,
    );
  } finally {
    await stop();
  }
}

async function eraseFrom(config: OpenConfig, sub: string): Promise<ErasedUser> {
  const { createOrm } = await import('../orm.ts');
  const { createLifecycle } = await import('../lifecycle/lifecycle.ts');
  const { createWakeUpPublisher } = await import('../feed/publisher.ts');
  const orm = await createOrm({ url: directUrl(config), name: 'assay-erase', poolSize: 2, statementMs: STATEMENT_MS });
  const publisher = createWakeUpPublisher({ orm, log: createLog() });
  try {
    const lifecycle = createLifecycle({ orm, wake: publisher.publish, startingTokens: config.startingTokens });
    return await lifecycle.eraseUser(sub, GRACE_MS);
  } finally {
    await publisher.stop();
    await orm.close();
  }
}
