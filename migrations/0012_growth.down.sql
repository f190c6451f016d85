set local lock_timeout = '2s';

alter table analysis_results reset (fillfactor);

-- squawk-ignore require-concurrent-index-deletion -- no transaction can drop one so
drop index jobs_active_of_user;
-- squawk-ignore require-concurrent-index-creation -- no transaction can build one so
create index jobs_active_of_user on analysis_jobs (user_id) where status in ('QUEUED', 'PROCESSING');

-- squawk-ignore require-concurrent-index-deletion -- likewise
drop index jobs_of_user;
-- squawk-ignore require-concurrent-index-creation -- likewise
create index jobs_of_user on analysis_jobs (user_id, id);
