-- What keeps a large installation as fast as a small one. Some seconds a million jobs, in which nobody reads or moves one.

set local lock_timeout = '2s';
set local statement_timeout = '5min';

-- Room on the page for the two moves of a job, so that its result changes in place and no index of it is written to. Rows of
-- before stay where they are.
alter table analysis_results set (fillfactor = 80);

-- At once as strong a lock as it takes in the end: whoever began to read a job and then moved it would stand in a deadlock
-- with one that is raised.
do $$
begin
  for try in 1..50 loop
    begin
      perform set_config('lock_timeout', '100ms', true);
      lock table analysis_jobs in access exclusive mode;
      return;
    exception when lock_not_available then
      perform pg_sleep(0.05 + 0.1 * random());
    end;
  end loop;
  raise exception 'some transaction holds the jobs of Assay: try again when it has ended' using errcode = '55P03';
end $$;

-- The statistics of a user come from the index alone, and no longer from as many pages of the table as he has jobs: those lie
-- scattered among everybody's. Nothing that is added here changes without a move, which writes to every index anyway.
-- squawk-ignore require-concurrent-index-deletion -- no transaction can drop one so
drop index jobs_of_user;
-- squawk-ignore require-concurrent-index-creation -- no transaction can build one so
create index jobs_of_user on analysis_jobs (user_id, id)
  include (status, created_at, started_at, finished_at, deleted_at);

-- So do the counts of his waiting and of his running jobs. They would otherwise be taken from the index above, which has his
-- finished jobs too.
-- squawk-ignore require-concurrent-index-deletion -- likewise
drop index jobs_active_of_user;
-- squawk-ignore require-concurrent-index-creation -- likewise
create index jobs_active_of_user on analysis_jobs (user_id, status) where status in ('QUEUED', 'PROCESSING');
