set local lock_timeout = '2s';

create or replace function assay_guard_ledger() returns trigger language plpgsql as $$
begin
  raise exception 'an entry of the ledger is written once; % is refused', lower(tg_op) using errcode = 'AS002';
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
  raise exception 'an event is written once; % is refused', lower(tg_op) using errcode = 'AS002';
end $$;

drop function assay_is_erased(uuid, uuid);
