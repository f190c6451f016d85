import type pg from 'pg';

const TABLES = `
  create table if not exists accounts (
    user_id uuid primary key,
    balance integer not null check (balance >= 0)
  );
  create table if not exists jobs (
    id uuid primary key default uuidv7(),
    user_id uuid not null,
    kind text not null,
    name text not null,
    status text not null check (status in ('QUEUED', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED')),
    seq integer not null default 1,
    attempt integer not null default 0,
    price integer not null,
    result_id uuid not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz
  ) with (fillfactor = 80);
  create index if not exists jobs_of_user on jobs (user_id, id);
  create index if not exists jobs_by_status on jobs (status, id);
  create table if not exists results (
    id uuid primary key,
    job_id uuid not null unique references jobs (id) on delete cascade,
    user_id uuid not null,
    status text not null,
    input jsonb not null,
    output jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  );
  create index if not exists results_of_user on results (user_id, id);
  create table if not exists ledger (
    id uuid primary key default uuidv7(),
    user_id uuid not null references accounts (user_id),
    job_id uuid not null unique,
    entry text not null,
    amount integer not null,
    balance integer not null check (balance >= 0),
    created_at timestamptz not null default now()
  );
  create index if not exists ledger_of_user on ledger (user_id, id);
  create table if not exists events (
    id bigint generated always as identity primary key,
    job_id uuid not null,
    seq integer not null,
    type text not null,
    user_id uuid not null,
    status text not null,
    attempt integer not null,
    at timestamptz not null default now(),
    unique (job_id, seq)
  );
  create index if not exists events_of_user on events (user_id, id);`;

/** Makes what Assay keeps too, with the indexes of every such service, and without Assay's guards against wrong rows. */
export async function createTables(pool: pg.Pool): Promise<void> {
  await pool.query(TABLES);
}
