-- SYNC: which job copies which source, the records that a sync leaves, and those that a running one has gathered so far.

set local lock_timeout = '2s';
set local statement_timeout = '5min';

alter table analysis_jobs add column sync_source text;
alter table analysis_jobs add constraint jobs_source_fits_kind check (
  case kind
    when 'SYNC' then coalesce(sync_source in ('PANGKAT', 'PENSIUN', 'PG_AKADEMIK', 'PG_PROFESI', 'SKK'), false)
    else sync_source is null
  end
) not valid;
-- squawk-ignore constraint-missing-not-valid -- at once, so that the doctor finds it whole; one short look at each job
alter table analysis_jobs validate constraint jobs_source_fits_kind;

-- However many ask at once, one sync of a source is under way.
-- squawk-ignore require-concurrent-index-creation -- it holds five rows at most, and no transaction can build one so
create unique index jobs_active_of_source on analysis_jobs (sync_source)
  where sync_source is not null and status in ('QUEUED', 'PROCESSING');
-- squawk-ignore require-concurrent-index-creation -- it is empty as yet, and no transaction can build one so
create index jobs_of_source on analysis_jobs (sync_source, finished_at) where sync_source is not null;

-- Refuses with SQLSTATE AS001, as the guard of jobs does it for the rest of what a job was made as.
create function assay_guard_source() returns trigger language plpgsql as $$
begin
  raise exception 'what a job was made as never changes' using errcode = 'AS001';
end $$;

create trigger jobs_source_kept before update of sync_source on analysis_jobs for each row
  when (new.sync_source is distinct from old.sync_source) execute function assay_guard_source();

-- What was last copied from a source. `id` is the source's own; `words` is what a search looks through.
create table sync_records (
  source text not null,
  id text collate "C" not null,
  data jsonb not null,
  words text not null,
  synced_at timestamptz not null default now(),
  primary key (source, id)
);

-- What an attempt has read. It replaces the records when the attempt completes, and is swept when it does not. No foreign
-- key: it would be asked about each row, and the sweep asks about each attempt.
create table sync_staging (
  job_id uuid not null,
  lease_token uuid not null,
  id text collate "C" not null,
  data jsonb not null,
  words text not null,
  primary key (job_id, lease_token, id)
);
