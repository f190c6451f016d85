-- Files: what a user uploads for a job to work on, and what a job hands back. The rows are here, the bytes in a storage
-- that knows no transactions. So whoever is about to store bytes first says under which name (`file_removals`), and only a
-- row in `files` takes that back: bytes that nobody came to own, and bytes of a row that is gone, are found and removed.

set local lock_timeout = '2s';
set local statement_timeout = '5min';

-- An upload is an INPUT without a job: announced, then stored, then taken by one job. An OUTPUT comes with its job's answer.
create table files (
  id uuid primary key default assay_uuid(),
  user_id uuid not null,
  job_id uuid,
  role text not null,
  name text not null,
  content_type text not null,
  size integer not null,
  -- Of an upload that is not stored yet: as it was announced, if it was.
  sha256 text,
  -- The name of the bytes in the storage: random, and never shown.
  stored_as uuid,
  created_at timestamptz not null default now(),
  stored_at timestamptz,
  constraint files_role_known check (role in ('INPUT', 'OUTPUT')),
  constraint files_name_length check (char_length(name) between 1 and 255),
  constraint files_content_type_length check (char_length(content_type) between 3 and 127),
  constraint files_size_not_negative check (size >= 0),
  constraint files_sha256_form check (sha256 ~ '^[0-9a-f]{64}$'),
  constraint files_stored_whole check (
    (stored_as is null) = (stored_at is null) and (stored_as is null or (sha256 is not null and stored_at >= created_at))
  ),
  constraint files_of_job_are_stored check (job_id is null or stored_as is not null),
  constraint files_output_has_job check (role <> 'OUTPUT' or job_id is not null),
  constraint files_stored_once unique (stored_as),
  constraint files_follow_job foreign key (job_id) references analysis_jobs (id) on delete cascade
);

create index files_of_job on files (job_id) where job_id is not null;
create index files_waiting on files (created_at) where job_id is null;
create index files_waiting_of_user on files (user_id) where job_id is null;

-- Bytes that are to be removed when they are due: at once where their row is gone, later where a row may yet come to own
-- them. No row comes to own what somebody has begun to remove (`tries`).
create table file_removals (
  stored_as uuid primary key,
  due_at timestamptz not null,
  tries integer not null default 0,
  constraint file_removals_tries_not_negative check (tries >= 0)
);

create index file_removals_due on file_removals (due_at);

-- Refuses with SQLSTATE AS003 what a file does not go through: it is stored once, taken once, and otherwise stays as it was
-- made. It goes with its job, or before it has one.
create function assay_guard_file() returns trigger language plpgsql as $$
declare
  still files := new;
begin
  if tg_op = 'DELETE' then
    if old.job_id is not null and coalesce(current_setting('assay.mover', true), '') <> 'delete'
      and exists (select from analysis_jobs j where j.id = old.job_id and j.deleted_at is null)
    then
      raise exception 'a file goes with its job' using errcode = 'AS003';
    end if;
    return old;
  end if;
  if old.stored_as is null and new.stored_as is not null then
    still.stored_as := null;
    still.stored_at := null;
    if old.sha256 is null then
      still.sha256 := null;
    end if;
  end if;
  if old.job_id is null then
    still.job_id := null;
  end if;
  if still is distinct from old then
    raise exception 'a file is written once' using errcode = 'AS003';
  end if;
  return new;
end $$;

-- Likewise: a file belongs to whom its job belongs, comes in with a job that waits, and goes out with one that is completed.
create function assay_guard_file_of_job() returns trigger language plpgsql as $$
begin
  if not exists (
    select from analysis_jobs j where j.id = new.job_id and j.user_id = new.user_id
      and j.status = case new.role when 'INPUT' then 'QUEUED' else 'COMPLETED' end
  ) then
    raise exception 'this file is none of that job' using errcode = 'AS003';
  end if;
  return null;
end $$;

-- Whoever removes a row cannot forget the bytes.
create function assay_remove_bytes() returns trigger language plpgsql as $$
begin
  insert into file_removals (stored_as, due_at)
  select g.stored_as, now() from gone g where g.stored_as is not null
  on conflict (stored_as) do update set due_at = excluded.due_at;
  return null;
end $$;

create trigger files_guarded before update or delete on files for each row execute function assay_guard_file();
create trigger files_of_their_job after insert or update of job_id on files
  for each row when (new.job_id is not null) execute function assay_guard_file_of_job();
create trigger files_leave_no_bytes after delete on files referencing old table as gone
  for each statement execute function assay_remove_bytes();
