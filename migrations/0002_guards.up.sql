-- The database says no too: what the lifecycle would never do, nobody can do by hand either. And read-only views for
-- those who check from outside, which stay as they are whatever the tables become.

set local lock_timeout = '2s';
set local statement_timeout = '5min';

-- Jobs that were ended from outside while a thread still worked on them: few, and looked for every two seconds.
-- squawk-ignore require-concurrent-index-creation -- it holds a handful of rows, and no transaction can build one so
create index jobs_held on analysis_jobs (id) where status in ('FAILED', 'CANCELLED') and lease_token is not null;

-- Every change of status there is. `delete` makes the tombstone, and only it may leave the status as it is. One that has
-- a mover is made by nobody else, who says in his transaction that it is he.
create view assay_moves as
  select * from (values
    ('start', 'QUEUED', 'PROCESSING', null),
    ('complete', 'PROCESSING', 'COMPLETED', null),
    ('fail', 'PROCESSING', 'FAILED', null),
    ('fail', 'QUEUED', 'FAILED', 'doctor'),
    ('release', 'PROCESSING', 'QUEUED', null),
    ('cancel', 'QUEUED', 'CANCELLED', null),
    ('cancel', 'PROCESSING', 'CANCELLED', null),
    ('retry', 'FAILED', 'QUEUED', null),
    ('retry', 'CANCELLED', 'QUEUED', null),
    ('delete', 'COMPLETED', 'CANCELLED', null),
    ('delete', 'FAILED', 'CANCELLED', null),
    ('delete', 'CANCELLED', 'CANCELLED', null)
  ) as moves (move, from_status, to_status, mover);

-- Refuses with SQLSTATE AS001 what is no move, and what is more than the bookkeeping that a status allows.
create function assay_guard_job() returns trigger language plpgsql as $$
declare
  still analysis_jobs := new;
  moved text;
  acting text := coalesce(current_setting('assay.mover', true), '');
begin
  if (new.id, new.user_id, new.kind, new.name, new.requested_by, new.max_attempts, new.created_at) is distinct from
    (old.id, old.user_id, old.kind, old.name, old.requested_by, old.max_attempts, old.created_at)
  then
    raise exception 'what a job was made as never changes' using errcode = 'AS001';
  end if;

  if new.status = old.status and new.deleted_at is not distinct from old.deleted_at then
    if old.status = 'PROCESSING' then
      still.progress := old.progress;
      still.heartbeat_at := old.heartbeat_at;
      still.lease_expires_at := old.lease_expires_at;
    elsif old.lease_token is not null and new.lease_token is null then
      still.worker_free_at := old.worker_free_at;
      still.lease_token := old.lease_token;
      still.lease_expires_at := old.lease_expires_at;
      still.worker_id := old.worker_id;
    end if;
    if acting = 'repair' then
      still.result_id := old.result_id;
    end if;
    if still is distinct from old then
      raise exception 'a % job does not change without a move', old.status using errcode = 'AS001';
    end if;
    return new;
  end if;

  select m.move into moved from assay_moves m
  where m.from_status = old.status and m.to_status = new.status and (m.mover is null or m.mover = acting)
    and (m.move = 'delete') = (new.deleted_at is not null) and old.deleted_at is null;
  if moved is null then
    raise exception 'there is no move from % to %', old.status, new.status using errcode = 'AS001';
  end if;
  if new.seq <> old.seq + 1
    or new.round <> old.round + (moved = 'retry')::int
    or not (case moved
      when 'start' then new.attempt = old.attempt + 1
      when 'release' then new.attempt in (old.attempt, old.attempt - 1)
      when 'retry' then new.attempt = 0
      else new.attempt = old.attempt
    end)
    or (moved = 'delete' and new.finished_at is distinct from old.finished_at)
    or (moved <> 'delete' and new.result_id is distinct from old.result_id)
    or (moved <> 'retry' and (new.price, new.priority) is distinct from (old.price, old.priority))
  then
    raise exception 'a % that does not count as one', moved using errcode = 'AS001';
  end if;
  return new;
end $$;

create trigger jobs_guarded before update on analysis_jobs for each row execute function assay_guard_job();

-- Refuses with SQLSTATE AS002 to change the log. It yields to a deletion, which may also take the contents out of an
-- event, and to pruning; both say in their transaction who they are (`assay.mover`).
create function assay_guard_event() returns trigger language plpgsql as $$
declare
  still job_events := new;
  mover text := coalesce(current_setting('assay.mover', true), '');
begin
  if tg_op = 'DELETE' and mover in ('delete', 'prune') then
    return old;
  end if;
  if tg_op = 'UPDATE' and mover = 'delete' then
    still.progress := old.progress;
    still.error_message := old.error_message;
    if still is not distinct from old then
      return new;
    end if;
  end if;
  raise exception 'an event is written once; % is refused', lower(tg_op) using errcode = 'AS002';
end $$;

-- Refuses with SQLSTATE AS002 to change the ledger. It yields to nobody.
create function assay_guard_ledger() returns trigger language plpgsql as $$
begin
  raise exception 'an entry of the ledger is written once; % is refused', lower(tg_op) using errcode = 'AS002';
end $$;

create trigger events_guarded before update or delete on job_events for each row execute function assay_guard_event();
create trigger events_kept before truncate on job_events for each statement execute function assay_guard_event();
create trigger ledger_guarded before update or delete on ledger_entries for each row execute function assay_guard_ledger();
create trigger ledger_kept before truncate on ledger_entries for each statement execute function assay_guard_ledger();

create schema audit_v1;

create view audit_v1.jobs as
  select id, user_id, kind, status, round, attempt, price, result_id, seq, lease_expires_at, worker_free_at, deleted_at,
    created_at, finished_at
  from analysis_jobs;

create view audit_v1.results as
  select id, job_id, status, test_result is not null as has_test_result from analysis_results;

create view audit_v1.ledger as
  select id, user_id, job_id, round, entry, amount, created_at from ledger_entries;

create view audit_v1.events as
  select job_id, seq, type, status, round, attempt, at from job_events;

create view audit_v1.idempotency as
  -- Only the owner of a job's key is a user; the cast must not meet another, whatever order a plan checks things in.
  select case when job_id is not null then owner::uuid end as user_id, key, job_id
  from idempotency_keys where job_id is not null;

-- The queue's own view leaves out the payload, so this reads the table behind it.
create view audit_v1.queue as
  select (t.payload ->> 'jobId')::uuid as job_id, (t.payload ->> 'round')::int as round,
    (t.payload ->> 'attempt')::int as attempt, t.locked_at is not null as locked,
    t.locked_at is null and t.attempts < t.max_attempts as runnable
  from graphile_worker._private_jobs t join graphile_worker._private_tasks k on k.id = t.task_id
  where k.identifier = 'run_job';
