set local lock_timeout = '2s';

drop table sync_staging;
drop table sync_records;
drop trigger jobs_source_kept on analysis_jobs;
drop function assay_guard_source;
drop index jobs_of_source;
drop index jobs_active_of_source;
alter table analysis_jobs drop constraint jobs_source_fits_kind;
-- squawk-ignore ban-drop-column
alter table analysis_jobs drop column sync_source;
