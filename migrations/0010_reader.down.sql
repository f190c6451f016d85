set local lock_timeout = '2s';

-- The role itself stays: other databases of the cluster may have granted it something.
do $$
begin
  if exists (select from pg_roles where rolname = 'assay_reader') then
    revoke select on accounts, analysis_jobs, analysis_results, files, job_events, ledger_entries from assay_reader;
    execute format('revoke usage on schema %I from assay_reader', current_schema());
  end if;
end $$;

alter table accounts disable row level security;
alter table analysis_jobs disable row level security;
alter table analysis_results disable row level security;
alter table files disable row level security;
alter table job_events disable row level security;
alter table ledger_entries disable row level security;

drop policy rows_of_user on accounts;
drop policy rows_of_user on analysis_jobs;
drop policy rows_of_user on analysis_results;
drop policy rows_of_user on files;
drop policy rows_of_user on job_events;
drop policy rows_of_user on ledger_entries;

drop function assay_admit_reader();
drop function assay_user();
