-- The tables of Assay. Every rule that one row can break is a CHECK here; every rule between a job and its result is a
-- foreign key. Code is trusted with the rest, and checked by the tests.

-- A migration that cannot get its locks gives up, rather than keep a running installation from its tables.
set local lock_timeout = '2s';
set local statement_timeout = '5min';

-- UUIDv7 (RFC 9562) with the sub-millisecond part in the twelve bits after the version, so that ids made by this
-- database sort by the time they were made. PostgreSQL has no such function of its own before version 18.
create function assay_uuid(at timestamptz default clock_timestamp()) returns uuid
  language sql volatile parallel safe
  return (
    select (lpad(to_hex(micros / 1000), 12, '0') || '7' || lpad(to_hex(micros % 1000 * 4096 / 1000), 3, '0')
            || substr(replace(gen_random_uuid()::text, '-', ''), 17))::uuid
    from (select (extract(epoch from at) * 1000000)::bigint as micros) as clock
  );

create table accounts (
  user_id uuid primary key,
  balance integer not null,
  created_at timestamptz not null default now(),
  constraint accounts_balance_not_negative check (balance >= 0)
);

create table analysis_jobs (
  id uuid primary key,
  user_id uuid not null,
  kind text not null,
  name text not null,
  status text not null,
  seq integer not null default 1,
  round integer not null default 1,
  attempt integer not null default 0,
  max_attempts integer not null,
  priority integer not null,
  price integer not null,
  refunded boolean not null default false,
  requested_by text not null,
  result_id uuid,
  progress jsonb not null default '{"percent": 0}',
  failure_code text,
  failure_message text,
  lease_token uuid,
  lease_expires_at timestamptz,
  worker_id uuid,
  worker_free_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  started_at timestamptz,
  heartbeat_at timestamptz,
  finished_at timestamptz,
  deleted_at timestamptz,

  constraint jobs_status_known check (status in ('QUEUED', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED')),
  constraint jobs_kind_known check (kind in ('ASSESSMENT', 'SYNC', 'FORECAST', 'COMPRESS', 'PROBE')),
  constraint jobs_failure_code_known check (
    failure_code in ('INVALID_INPUT', 'HANDLER_ERROR', 'UPSTREAM_ERROR', 'STUCK', 'WORKER_LOST', 'CANCELLED')
  ),
  constraint jobs_name_length check (char_length(name) between 1 and 255),
  constraint jobs_counters_in_range check (
    seq >= 1 and round >= 1 and price >= 0 and max_attempts >= 1 and attempt >= 0 and attempt <= max_attempts
  ),
  constraint jobs_progress_in_range check (
    case jsonb_typeof(progress -> 'percent')
      when 'number' then (progress ->> 'percent')::numeric between 0 and 100
      else false
    end
  ),
  constraint jobs_times_in_order check (
    created_at <= updated_at and started_at >= created_at and finished_at >= created_at and finished_at >= started_at
      and finished_at <= updated_at
  ),
  constraint jobs_finished_has_time check (
    (status in ('COMPLETED', 'FAILED', 'CANCELLED')) = (finished_at is not null)
  ),
  constraint jobs_failure_fits_status check (
    (failure_code is null) = (failure_message is null) and (
      deleted_at is not null or case status
        when 'FAILED' then failure_code is not null and failure_code <> 'CANCELLED'
        when 'CANCELLED' then failure_code is not null and failure_code = 'CANCELLED'
        else failure_code is null
      end
    )
  ),
  constraint jobs_progress_fits_status check (
    deleted_at is not null or case status
      when 'COMPLETED' then progress ->> 'percent' = '100'
      when 'CANCELLED' then progress ->> 'percent' = '0'
      when 'QUEUED' then progress ->> 'percent' = '0'
      else true
    end
  ),
  -- A lease is held while the job runs, and after a cancel or the run limit until its thread is really gone: so each
  -- finished job shows either who still holds a thread for it or when that thread was free.
  constraint jobs_lease_fits_status check (
    (lease_token is null) = (worker_id is null) and (lease_token is null) = (lease_expires_at is null) and case status
      when 'QUEUED' then lease_token is null and worker_free_at is null
      when 'PROCESSING' then lease_token is not null and worker_free_at is null
      when 'COMPLETED' then lease_token is null and worker_free_at is not null
      else (lease_token is null) = (worker_free_at is not null)
    end
  ),
  constraint jobs_run_fits_status check (
    case status
      when 'QUEUED' then attempt < max_attempts
      when 'PROCESSING' then started_at is not null and heartbeat_at is not null and attempt >= 1
      when 'COMPLETED' then started_at is not null and attempt >= 1
      else true
    end
  ),
  constraint jobs_tombstone_is_cancelled check (deleted_at is null or (status = 'CANCELLED' and deleted_at >= finished_at)),
  constraint jobs_live_has_result check ((deleted_at is null) = (result_id is not null)),
  constraint jobs_refund_fits_status check (
    deleted_at is not null or refunded = (status in ('FAILED', 'CANCELLED') and price > 0)
  ),
  constraint jobs_identity_for_results unique (id, user_id, status)
) with (fillfactor = 80); -- room on the page for progress and heartbeats, which touch no index

create table analysis_results (
  id uuid primary key,
  job_id uuid not null,
  user_id uuid not null,
  status text not null,
  assessment_name text not null,
  test_data jsonb not null,
  test_result jsonb,
  raw_responses jsonb,
  chatbot_id uuid,
  is_public boolean not null default false,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint results_one_per_job unique (job_id),
  constraint results_identity_for_jobs unique (id, job_id),
  constraint results_content_fits_status check (
    case status
      when 'COMPLETED' then coalesce(jsonb_typeof(test_result) <> 'null', false)
      else test_result is null
    end
  ),
  constraint results_times_in_order check (created_at <= updated_at),
  -- The status of a result is its job's, by construction: whoever changes the job changes the result.
  constraint results_follow_job foreign key (job_id, user_id, status)
    references analysis_jobs (id, user_id, status) on update cascade on delete cascade
);

-- The other half of the pair: a result that is deleted, also by hand, takes its job with it. A tombstone lets go of its
-- result first.
alter table analysis_jobs add constraint jobs_follow_result foreign key (result_id, id)
  references analysis_results (id, job_id) on delete cascade;

-- The log. No foreign key to the job: the event that tells of a job's end outlives it.
create table job_events (
  id bigint generated always as identity primary key,
  job_id uuid not null,
  seq integer not null,
  type text not null,
  user_id uuid not null,
  result_id uuid,
  kind text not null,
  status text not null,
  round integer not null,
  attempt integer not null,
  progress jsonb not null,
  token_balance integer,
  assessment_name text not null,
  error_message text,
  processing_time double precision,
  at timestamptz not null,
  xact xid8 not null default pg_current_xact_id(),
  constraint events_numbered unique (job_id, seq),
  constraint events_seq_positive check (seq >= 1),
  constraint events_type_fits_status check (
    case type
      when 'QUEUED' then status = 'QUEUED'
      when 'STARTED' then status = 'PROCESSING'
      when 'RELEASED' then status = 'QUEUED'
      when 'COMPLETED' then status = 'COMPLETED'
      when 'FAILED' then status = 'FAILED'
      when 'STUCK' then status = 'FAILED'
      when 'CANCELLED' then status = 'CANCELLED'
      when 'RETRIED' then status = 'QUEUED'
      when 'DELETED' then status = 'CANCELLED'
      else false
    end
  )
);

-- Signed entries; a balance is their sum. No foreign key to the job: money outlives what it paid for.
create table ledger_entries (
  id uuid primary key default assay_uuid(),
  user_id uuid not null references accounts (user_id),
  entry text not null,
  amount integer not null,
  balance integer not null,
  job_id uuid,
  round integer,
  reason text,
  created_at timestamptz not null default now(),
  constraint ledger_once_per_round unique (job_id, round, entry),
  constraint ledger_balance_not_negative check (balance >= 0),
  constraint ledger_entry_fits_amount check (
    case entry
      when 'GRANT' then amount > 0
      when 'CHARGE' then amount < 0
      when 'REFUND' then amount > 0
      when 'ADJUST' then amount <> 0
      else false
    end
  ),
  constraint ledger_entry_names_round check (
    case when entry in ('CHARGE', 'REFUND') then job_id is not null and round is not null
         else job_id is null and round is null end
  )
);

-- `owner` is a user's id for submits and `service:<name>` for grants. The key goes with the row it made.
create table idempotency_keys (
  owner text not null,
  key text not null,
  mutation text not null,
  input_hash text not null,
  job_id uuid references analysis_jobs (id) on delete cascade,
  entry_id uuid references ledger_entries (id),
  created_at timestamptz not null default now(),
  primary key (owner, key),
  constraint idempotency_key_length check (char_length(key) between 1 and 255),
  constraint idempotency_made_one_thing check (num_nonnulls(job_id, entry_id) = 1)
);

create table service_tokens (
  id uuid primary key default assay_uuid(),
  name text not null,
  token_hash bytea not null,
  scopes text[] not null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz,
  constraint service_tokens_name_form check (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
  constraint service_tokens_hash_size check (octet_length(token_hash) = 32)
);

-- One row a worker process. `pool_id` is the name under which it locks queue tasks.
create table workers (
  id uuid primary key,
  pool_id text not null,
  host text not null,
  pid integer not null,
  concurrency integer not null,
  started_at timestamptz not null default now(),
  heartbeat_at timestamptz not null default now(),
  constraint workers_pool_unique unique (pool_id),
  constraint workers_concurrency_positive check (concurrency >= 1)
);

create index jobs_of_user on analysis_jobs (user_id, id);
create index jobs_by_status on analysis_jobs (status, id);
create index jobs_active_of_user on analysis_jobs (user_id) where status in ('QUEUED', 'PROCESSING');
create index jobs_waiting on analysis_jobs (priority, id) where status = 'QUEUED';
create index jobs_running on analysis_jobs (id) where status = 'PROCESSING';
create index results_of_user on analysis_results (user_id, id);
create index ledger_of_user on ledger_entries (user_id, id);
create index idempotency_of_job on idempotency_keys (job_id);
create index idempotency_of_entry on idempotency_keys (entry_id);
create index service_tokens_by_name on service_tokens (name);
