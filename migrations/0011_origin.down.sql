set local lock_timeout = '2s';

-- squawk-ignore ban-drop-column
alter table analysis_jobs drop column origin;
