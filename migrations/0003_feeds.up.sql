-- What the feeds of many jobs read by: events in the order in which they became visible, and the name of the log that a
-- cursor belongs to.

set local lock_timeout = '2s';
set local statement_timeout = '5min';

-- Both grow at their right end only, as far as one user or everybody goes. The order within a read is by `id`, so that of
-- a user is read from the index alone, however far behind he is.
-- squawk-ignore require-concurrent-index-creation -- no transaction can build one so, and a second takes millions of rows
create index events_of_user on job_events (user_id, xact) include (id);
-- squawk-ignore require-concurrent-index-creation -- likewise
create index events_by_xact on job_events (xact);

-- One row: which log this is. `xact` means something in the cluster that wrote it and nowhere else, so the log of a backup
-- that is restored into another cluster is another log. The cluster is null until it is first looked at.
create table event_log (
  only_row boolean primary key default true,
  id uuid not null default gen_random_uuid(),
  system_identifier bigint,
  -- The greatest of what was pruned, and what the last prune could see at all: whoever had not seen some of that is told so.
  pruned_id bigint not null default 0,
  pruned_xact xid8 not null default '0',
  pruned_seen pg_snapshot not null default '1:1:',
  constraint event_log_is_one check (only_row)
);
insert into event_log default values;

-- Also yields to a restore, which makes an event older than every transaction of its new cluster and changes nothing else.
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

-- Whoever prunes the log cannot forget to say how far.
create function assay_note_pruned() returns trigger language plpgsql as $$
begin
  if coalesce(current_setting('assay.mover', true), '') = 'prune' then
    update event_log l
    set pruned_id = greatest(l.pruned_id, g.id), pruned_xact = greatest(l.pruned_xact, g.xact),
      pruned_seen = pg_current_snapshot()
    from (select max(id) as id, max(xact) as xact from gone) as g where g.id is not null;
  end if;
  return null;
end $$;

create trigger events_pruned after delete on job_events referencing old table as gone
  for each statement execute function assay_note_pruned();

-- Compares the cluster with the one that the log is of. Where it is another, the events that its transactions could take
-- for their own become older than all of them ('3' is the first id there is), and the log gets a new name, in one
-- transaction: cursors of before are told apart from then on. Several at once wait for the first.
-- Returns whether it was another.
create function assay_claim_log() returns boolean language plpgsql as $$
declare
  here bigint := (select system_identifier from pg_control_system());
  known bigint := (select system_identifier from event_log for update);
begin
  if known = here then
    return false;
  end if;
  perform set_config('assay.mover', 'restore', true);
  update job_events set xact = '3' where xact >= pg_snapshot_xmin(pg_current_snapshot());
  perform set_config('assay.mover', '', true);
  update event_log set id = gen_random_uuid(), system_identifier = here, pruned_id = 0, pruned_xact = '0',
    pruned_seen = '1:1:';
  return known is not null;
end $$;
