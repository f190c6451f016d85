drop function assay_claim_log();
drop trigger events_pruned on job_events;
drop function assay_note_pruned();

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
  raise exception 'an event is written once; % is refused', lower(tg_op) using errcode = 'AS002';
end $$;

drop table event_log;
drop index events_by_xact;
drop index events_of_user;
