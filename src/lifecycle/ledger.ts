import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { LedgerEntry } from '../entities/ledger-entry.ts';
import { transact } from './transact.ts';

/** Makes the account of a user who is seen for the first time, with the starting balance as its first entry. */
export async function openAccount(em: EntityManager, userId: string, startingTokens: number): Promise<void> {
  await sql`
    with opened as (
      insert into accounts (user_id, balance) values (${userId}, ${startingTokens}) on conflict do nothing
      returning user_id, balance
    )
    insert into ledger_entries (user_id, entry, amount, balance, reason)
    select user_id, 'GRANT', balance, balance, 'Starting balance' from opened where balance > 0`.execute(
    em.getKysely(),
  );
}

/**
 * Locks a user's account for the rest of the transaction and tells its balance; the account is made where there is none.
 * Whoever is about to charge locks first: what the next statement reads is then the last word.
 */
export async function openBalance(em: EntityManager, userId: string, startingTokens: number): Promise<number> {
  const known = await lockBalance(em, userId);
  if (known !== undefined) return known;
  await openAccount(em, userId, startingTokens);
  return (await lockBalance(em, userId)) ?? 0;
}

async function lockBalance(em: EntityManager, userId: string): Promise<number | undefined> {
  const { rows } = await sql<{ balance: number }>`
    select balance from accounts where user_id = ${userId} for update`.execute(em.getKysely());
  return rows[0]?.balance;
}

export interface Grant {
  userId: string;
  /** Above zero a GRANT; below zero an ADJUST, which is refused where it would take the balance below zero. */
  amount: number;
  reason: string;
  /** Who grants, as `service:<name>`; idempotency keys are kept apart by it. */
  grantedBy: string;
  idempotency?: { key: string; inputHash: string };
  startingTokens: number;
}

export type GrantOutcome =
  | { outcome: 'GRANTED'; entry: LedgerEntry; tokenBalance: number; replayed: boolean }
  | { outcome: 'INSUFFICIENT_TOKENS'; required: number; available: number }
  | { outcome: 'BALANCE_TOO_LARGE'; available: number }
  | { outcome: 'IDEMPOTENCY_KEY_REUSED' };

/** What grants can fill an account up to. The column holds twice as much, so that a refund always fits. */
const LARGEST_BALANCE = 1_000_000_000;

/** Adds tokens to a balance, or takes them from it, as one entry of the ledger. The same key gives the same entry, once. */
export async function grant(em: EntityManager, options: Grant): Promise<GrantOutcome> {
  return await transact(em, async (transaction) => {
    const { userId, amount, grantedBy, idempotency } = options;
    const db = transaction.getKysely();
    const available = await openBalance(transaction, userId, options.startingTokens);
    // One grant at a time per key, whichever account it names: the key's own lock is taken before it is looked up.
    if (idempotency) {
      await sql`select pg_advisory_xact_lock(hashtextextended(${`${grantedBy} ${idempotency.key}`}, 0))`.execute(db);
      const replay = await findGrant(transaction, grantedBy, idempotency);
      if (replay) return replay;
    }
    if (available + amount < 0) return { outcome: 'INSUFFICIENT_TOKENS', required: -amount, available };
    if (amount > 0 && available + amount > LARGEST_BALANCE) return { outcome: 'BALANCE_TOO_LARGE', available };

    const { rows } = await sql<Record<string, unknown>>`
      with changed as (
        update accounts set balance = balance + ${amount} where user_id = ${userId} returning balance
      ), entered as (
        insert into ledger_entries (user_id, entry, amount, balance, reason)
        select ${userId}, ${amount > 0 ? 'GRANT' : 'ADJUST'}, ${amount}, balance, ${options.reason} from changed
        returning *
      ), remembered as (
        insert into idempotency_keys (owner, key, mutation, input_hash, entry_id)
        select ${grantedBy}, ${idempotency?.key ?? null}, 'grantTokens', ${idempotency?.inputHash ?? null}, id
        from entered where ${idempotency !== undefined}
      )
      select * from entered`.execute(db);
    const entry = transaction.map(LedgerEntry, rows[0] as Record<string, unknown>);
    return { outcome: 'GRANTED', entry, tokenBalance: entry.balance, replayed: false };
  });
}

async function findGrant(
  em: EntityManager,
  owner: string,
  { key, inputHash }: { key: string; inputHash: string },
): Promise<GrantOutcome | null> {
  const { rows } = await sql<{ input_hash: string; entry_id: string | null }>`
    select input_hash, entry_id from idempotency_keys where owner = ${owner} and key = ${key}`.execute(em.getKysely());
  const [known] = rows;
  if (!known) return null;
  if (known.input_hash !== inputHash || !known.entry_id) return { outcome: 'IDEMPOTENCY_KEY_REUSED' };
  const entry = await em.findOneOrFail(LedgerEntry, { id: known.entry_id });
  const tokenBalance = (await lockBalance(em, entry.userId)) ?? 0;
  return { outcome: 'GRANTED', entry, tokenBalance, replayed: true };
}
