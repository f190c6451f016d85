set local lock_timeout = '2s';

-- squawk-ignore ban-drop-column
alter table job_events drop column rescued_after;
