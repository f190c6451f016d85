-- A second wall around what belongs to a user. What the API reads for him it reads as `assay_reader`, who sees the rows of
-- the one user that his transaction names, and none where it names nobody, whatever the statement asks for. The owner of
-- the tables is not bound by it: lifecycle, feed and workers go on by their own predicates.

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- All six tables together or none, and nothing is held while something is waited for longer than a moment: submits take accounts
-- before jobs and moves jobs before accounts, so whoever waited between them with a lock in his hand would stand in a
-- deadlock with one of them.
do $$
begin
  for try in 1..50 loop
    begin
      perform set_config('lock_timeout', '100ms', true);
      lock table accounts, analysis_jobs, analysis_results, files, job_events, ledger_entries in access exclusive mode;
      return;
    exception when lock_not_available then
      perform pg_sleep(0.05 + 0.1 * random());
    end;
  end loop;
  raise exception 'some transaction holds the tables of Assay: try again when it has ended' using errcode = '55P03';
end $$;

-- Whom the present transaction reads for. As a statement of its own it is asked for once and not for each row.
create function assay_user() returns uuid language sql stable parallel safe
  return nullif(current_setting('assay.user', true), '')::uuid;

create policy rows_of_user on accounts for select using (user_id = (select assay_user()));
create policy rows_of_user on analysis_jobs for select using (user_id = (select assay_user()));
create policy rows_of_user on analysis_results for select using (user_id = (select assay_user()));
create policy rows_of_user on files for select using (user_id = (select assay_user()));
create policy rows_of_user on job_events for select using (user_id = (select assay_user()));
create policy rows_of_user on ledger_entries for select using (user_id = (select assay_user()));

alter table accounts enable row level security;
alter table analysis_jobs enable row level security;
alter table analysis_results enable row level security;
alter table files enable row level security;
alter table job_events enable row level security;
alter table ledger_entries enable row level security;

-- A role is the cluster's and not the database's, and no backup has it: so each process that starts looks for it, and the
-- policies above do not name it. What is granted already is left alone, and who finds something to grant is the only one in
-- this database who does: two that wrote the same row of the catalogue would end one of them. Another database of the same
-- cluster may be making the role just now.
create function assay_admit_reader() returns void language plpgsql as $$
declare
  relation text;
begin
  perform pg_advisory_xact_lock(hashtext('assay.admit_reader'));
  if not exists (select from pg_roles where rolname = 'assay_reader') then
    begin
      create role assay_reader nologin;
    exception when duplicate_object or unique_violation then
      null;
    end;
  end if;
  if not pg_has_role(current_user, 'assay_reader', 'member') then
    begin
      execute format('grant assay_reader to %I', current_user);
    exception when unique_violation then
      null;
    end;
  end if;
  if not has_schema_privilege('assay_reader', current_schema(), 'usage') then
    execute format('grant usage on schema %I to assay_reader', current_schema());
  end if;
  foreach relation in array
    array['accounts', 'analysis_jobs', 'analysis_results', 'files', 'job_events', 'ledger_entries']
  loop
    if not has_table_privilege('assay_reader', relation, 'select') then
      execute format('grant select on %I to assay_reader', relation);
    end if;
  end loop;
end $$;
