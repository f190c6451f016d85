-- The erasure of a user: the one change that the ledger allows, and the log besides those it allows already. What is left of
-- somebody of whom there is no job any more becomes nobody's, and stays as it is otherwise.

set local lock_timeout = '2s';
set local statement_timeout = '10s';

-- Whether rows of one user may become another's: where the transaction says that it erases him, when he has no job, and into
-- an account that it has just made, so that nobody comes to own what was another's.
create function assay_is_erased(erased uuid, nobody uuid) returns boolean language plpgsql as $$
begin
  return coalesce(current_setting('assay.mover', true), '') = 'erase'
    and not exists (select from analysis_jobs where user_id = erased)
    and exists (select from accounts where user_id = nobody and created_at = now());
end $$;

create or replace function assay_guard_event() returns trigger language plpgsql as $$
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
  if tg_op = 'UPDATE' and mover = 'restore' and new.xact = '3' then
    still.xact := old.xact;
    if still is not distinct from old then
      return new;
    end if;
  end if;
  if tg_op = 'UPDATE' and mover = 'erase' and new.assessment_name = 'Deleted' and new.error_message is null
    and new.progress - 'percent' = '{}' and assay_is_erased(old.user_id, new.user_id)
  then
    still.user_id := old.user_id;
    still.assessment_name := old.assessment_name;
    still.error_message := old.error_message;
    still.progress := old.progress;
    if still is not distinct from old then
      return new;
    end if;
  end if;
  raise exception 'an event is written once; % is refused', lower(tg_op) using errcode = 'AS002';
end $$;

-- Refuses with SQLSTATE AS002 to change the ledger, but for whose an entry is, and why, when its user is erased.
create or replace function assay_guard_ledger() returns trigger language plpgsql as $$
declare
  still ledger_entries := new;
begin
  if tg_op = 'UPDATE' and new.reason is null and assay_is_erased(old.user_id, new.user_id) then
    still.user_id := old.user_id;
    still.reason := old.reason;
    if still is not distinct from old then
      return new;
    end if;
  end if;
  raise exception 'an entry of the ledger is written once; % is refused', lower(tg_op) using errcode = 'AS002';
end $$;
