set local lock_timeout = '2s';

drop index results_shared;
alter table analysis_results drop constraint results_share_is_completed;
alter table analysis_results drop constraint results_share_has_id;
update analysis_results set is_public = false where is_public;
-- squawk-ignore ban-drop-column
alter table analysis_results drop column share_id;
