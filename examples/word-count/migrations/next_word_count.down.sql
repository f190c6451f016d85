set local lock_timeout = '2s';
set local statement_timeout = '5min';

-- Refused while there are jobs of the kind: delete them first.
alter table analysis_jobs drop constraint jobs_kind_known;
alter table analysis_jobs add constraint jobs_kind_known
  check (kind in ('ASSESSMENT', 'SYNC', 'FORECAST', 'COMPRESS', 'PROBE'));
